#include <hdf5.h>
#include <ismrmrd/ismrmrd.h>
#include <ismrmrd/dataset.h>
