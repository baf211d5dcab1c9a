#include "CSpecialFunctions.h"

#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>

namespace {

namespace policies = boost::math::policies;

// An exception must not cross into Swift: bad arguments give NaN, overflow an infinity.
using Quiet = policies::policy<
    policies::domain_error<policies::ignore_error>, policies::pole_error<policies::ignore_error>,
    policies::overflow_error<policies::ignore_error>, policies::evaluation_error<policies::ignore_error>,
    policies::promote_double<false>>;

using StudentsT = boost::math::students_t_distribution<double, Quiet>;
using Normal = boost::math::normal_distribution<double, Quiet>;

}  // namespace

extern "C" double kspace_students_t_upper_tail(double t, double degrees_of_freedom) {
  return boost::math::cdf(boost::math::complement(StudentsT(degrees_of_freedom), t));
}

extern "C" double kspace_students_t_quantile(double probability, double degrees_of_freedom) {
  return boost::math::quantile(StudentsT(degrees_of_freedom), probability);
}

extern "C" double kspace_normal_quantile(double probability) {
  return boost::math::quantile(Normal(), probability);
}
