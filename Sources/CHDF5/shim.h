#include <hdf5.h>

// HDF5's predefined identifiers are macros over mutable globals, which Swift 6 refuses to read.
static inline hid_t kst_h5t_native_float(void) { return H5T_NATIVE_FLOAT; }
static inline hid_t kst_h5t_native_uint16(void) { return H5T_NATIVE_UINT16; }
static inline hid_t kst_h5t_native_uint32(void) { return H5T_NATIVE_UINT32; }
static inline hid_t kst_h5t_native_uint64(void) { return H5T_NATIVE_UINT64; }
static inline hid_t kst_h5t_native_int32(void) { return H5T_NATIVE_INT32; }
static inline hid_t kst_h5t_c_s1(void) { return H5T_C_S1; }
static inline hid_t kst_h5p_default(void) { return H5P_DEFAULT; }
static inline hid_t kst_h5p_dataset_create(void) { return H5P_DATASET_CREATE; }
static inline hid_t kst_h5p_dataset_xfer(void) { return H5P_DATASET_XFER; }
static inline hid_t kst_h5p_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t kst_h5s_all(void) { return H5S_ALL; }
static inline unsigned kst_h5f_acc_rdonly(void) { return H5F_ACC_RDONLY; }
static inline unsigned kst_h5f_acc_trunc(void) { return H5F_ACC_TRUNC; }
static inline hsize_t kst_h5s_unlimited(void) { return H5S_UNLIMITED; }
static inline size_t kst_h5t_variable(void) { return H5T_VARIABLE; }
