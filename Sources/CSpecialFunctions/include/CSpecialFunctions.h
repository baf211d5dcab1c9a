#ifndef CSPECIALFUNCTIONS_H
#define CSPECIALFUNCTIONS_H

// Distribution functions of Boost.Math. Arguments outside of a function's domain give NaN; nothing is thrown.

#ifdef __cplusplus
extern "C" {
#endif

/// P(T > t) of Student's t distribution.
double kspace_students_t_upper_tail(double t, double degrees_of_freedom);

/// The t below which Student's t distribution has the given probability.
double kspace_students_t_quantile(double probability, double degrees_of_freedom);

/// The z below which the normal distribution of unit variance has the given probability.
double kspace_normal_quantile(double probability);

#ifdef __cplusplus
}
#endif

#endif
