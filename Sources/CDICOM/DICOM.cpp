#include "CDICOM.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <cstdio>
#include <new>

struct kspace_dicom {
  DcmFileFormat file;
};

namespace {

void explain(const OFCondition &condition, char *reason, size_t capacity) {
  if (reason != nullptr && capacity > 0) std::snprintf(reason, capacity, "%s", condition.text());
}

}  // namespace

extern "C" int kspace_dicom_knows_elements(void) { return dcmDataDict.isDictionaryLoaded() ? 1 : 0; }

extern "C" kspace_dicom *kspace_dicom_create(void) { return new (std::nothrow) kspace_dicom; }

extern "C" kspace_dicom *kspace_dicom_read(const char *path, char *reason, size_t capacity) {
  kspace_dicom *set = kspace_dicom_create();
  if (set == nullptr) return nullptr;
  // Elements longer than this are left in the file: no template's pixels are needed.
  const OFCondition condition = set->file.loadFileUntilTag(
      path, EXS_Unknown, EGL_noChange, 4096, ERM_autoDetect, DCM_PixelData);
  if (condition.good()) return set;
  explain(condition, reason, capacity);
  delete set;
  return nullptr;
}

extern "C" void kspace_dicom_release(kspace_dicom *set) { delete set; }

extern "C" int kspace_dicom_put(kspace_dicom *set, uint16_t group, uint16_t element, const char *value) {
  DcmTag tag(group, element);
  // Signed or not as the pixels are, and these are not.
  if (tag.getEVR() == EVR_xs) tag.setVR(DcmVR(EVR_US));
  return set->file.getDataset()->putAndInsertString(tag, value).good() ? 0 : -1;
}

extern "C" int kspace_dicom_put_pixels(kspace_dicom *set, const uint16_t *codes, size_t count) {
  return set->file.getDataset()
                 ->putAndInsertUint16Array(DcmTag(DCM_PixelData, EVR_OW), codes, count)
                 .good()
             ? 0
             : -1;
}

extern "C" int kspace_dicom_copy(kspace_dicom *set, kspace_dicom *source, uint16_t group, uint16_t element) {
  return source->file.getDataset()
                 ->findAndInsertCopyOfElement(DcmTagKey(group, element), set->file.getDataset())
                 .good()
             ? 0
             : -1;
}

extern "C" int kspace_dicom_get(kspace_dicom *set, uint16_t group, uint16_t element, char *text, size_t capacity) {
  OFString value;
  if (set->file.getDataset()->findAndGetOFStringArray(DcmTagKey(group, element), value).bad()) return -1;
  std::snprintf(text, capacity, "%s", value.c_str());
  return 0;
}

extern "C" int kspace_dicom_write(kspace_dicom *set, const char *path, char *reason, size_t capacity) {
  const OFCondition condition = set->file.saveFile(path, EXS_LittleEndianExplicit);
  if (condition.good()) return 0;
  explain(condition, reason, capacity);
  return -1;
}
