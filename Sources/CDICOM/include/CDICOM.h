#ifndef CDICOM_H
#define CDICOM_H

// DICOM data sets by DCMTK. Nothing is thrown; functions that can fail return 0 for success and -1 else.

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct kspace_dicom kspace_dicom;

/// Whether DCMTK has found its dictionary, without which no element can be put.
int kspace_dicom_knows_elements(void);

/// An empty data set, to be released by kspace_dicom_release.
kspace_dicom *kspace_dicom_create(void);

/// Reads a file without its pixels, or leaves the reason in a buffer and returns NULL.
kspace_dicom *kspace_dicom_read(const char *path, char *reason, size_t capacity);

void kspace_dicom_release(kspace_dicom *set);

/// Puts an element as text; values of several parts are separated by backslashes.
int kspace_dicom_put(kspace_dicom *set, uint16_t group, uint16_t element, const char *value);

/// Puts the pixels, 16 bits each.
int kspace_dicom_put_pixels(kspace_dicom *set, const uint16_t *codes, size_t count);

/// Copies an element from another set; -1 if it is not there.
int kspace_dicom_copy(kspace_dicom *set, kspace_dicom *source, uint16_t group, uint16_t element);

/// The text of an element, cut to a buffer; -1 if it is not there.
int kspace_dicom_get(kspace_dicom *set, uint16_t group, uint16_t element, char *text, size_t capacity);

/// Writes a file, explicit little endian, or leaves the reason in a buffer.
int kspace_dicom_write(kspace_dicom *set, const char *path, char *reason, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
