#include "CDICOM.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <new>
#include <string>
#include <vector>

struct kspace_dicom {
  DcmFileFormat file;
};

namespace {

void explain(const OFCondition &condition, char *reason, size_t capacity) {
  if (reason != nullptr && capacity > 0) std::snprintf(reason, capacity, "%s", condition.text());
}

/// The most items within each other that are read: DCMTK calls itself for each, until the stack is full.
constexpr size_t largest_depth = 64;
constexpr uint32_t undefined_length = 0xFFFFFFFF;
constexpr unsigned char item_tag[] = {0xFE, 0xFF, 0x00, 0xE0}, swapped_item_tag[] = {0xFF, 0xFE, 0xE0, 0x00};

/// The bytes of a file; none where it cannot be mapped.
struct Bytes {
  const unsigned char *start = nullptr;
  size_t count = 0;

  explicit Bytes(const char *path) {
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    struct stat status;
    if (fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
      void *mapped = mmap(nullptr, status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
      if (mapped != MAP_FAILED) {
        start = static_cast<const unsigned char *>(mapped);
        count = status.st_size;
      }
    }
    close(file);
  }
  ~Bytes() {
    if (start != nullptr) munmap(const_cast<unsigned char *>(start), count);
  }
  Bytes(const Bytes &) = delete;
  Bytes &operator=(const Bytes &) = delete;

  uint32_t half(size_t place) const { return start[place] | start[place + 1] << 8; }
  uint32_t word(size_t place) const { return half(place) | half(place + 2) << 16; }
  bool has_item(size_t place) const {
    return place + 4 <= count && std::memcmp(start + place, item_tag, 4) == 0;
  }
  /// Whether a pattern is found more often than so many times.
  bool has(const void *pattern, size_t length, size_t times) const {
    const unsigned char *place = start, *end = start + count;
    while (place < end) {
      place = static_cast<const unsigned char *>(memmem(place, end - place, pattern, length));
      if (place == nullptr) return false;
      if (times-- == 0) return true;
      place += length;
    }
    return false;
  }
};

/// Follows the elements of a little-endian data set without calling itself: whether that was possible up to its end or
/// its pixels, and no items lie too deep within each other.
bool is_shallow(const Bytes &bytes) {
  struct Part {
    size_t end;
    bool is_implicit;
  };
  std::vector<Part> parts;
  size_t place = 0;
  bool is_meta = false, is_file_implicit = false;
  if (bytes.count >= 132 && std::memcmp(bytes.start + 128, "DICM", 4) == 0) {
    place = 132;
    is_meta = true;
  } else {
    is_file_implicit = bytes.count < 6 || bytes.start[4] < 'A' || bytes.start[4] > 'Z';
  }
  while (true) {
    while (!parts.empty() && place >= parts.back().end) parts.pop_back();
    // A sequence and an item to each level.
    if (parts.size() > 2 * largest_depth) return false;
    if (place + 8 > bytes.count) return true;
    const uint32_t group = bytes.half(place), element = bytes.half(place + 2);
    if (group != 2) is_meta = false;
    const bool is_implicit = parts.empty() ? is_file_implicit && !is_meta : parts.back().is_implicit;
    if (group == 0xFFFE) {
      const uint32_t length = bytes.word(place + 4);
      place += 8;
      if (element == 0xE000) {
        parts.push_back({length == undefined_length ? SIZE_MAX : place + length, is_implicit});
      } else if (parts.empty() || parts.back().end != SIZE_MAX) {
        return false;
      } else {
        parts.pop_back();
      }
      continue;
    }
    if (parts.empty() && group == 0x7FE0 && element == 0x0010) return true;
    std::string kind;
    uint32_t length;
    if (is_implicit) {
      length = bytes.word(place + 4);
      place += 8;
    } else {
      kind.assign(reinterpret_cast<const char *>(bytes.start) + place + 4, 2);
      for (const char letter : kind) {
        if (letter < 'A' || letter > 'Z') return false;
      }
      static const std::string long_kinds = "OB OD OF OL OV OW SQ SV UC UN UR UT UV";
      if (long_kinds.find(kind) != std::string::npos) {
        if (place + 12 > bytes.count) return false;
        length = bytes.word(place + 8);
        place += 12;
      } else {
        length = bytes.half(place + 6);
        place += 8;
      }
    }
    // Which implicit elements are sequences, a dictionary says; their content does as well.
    const bool is_open = length == undefined_length;
    if (kind == "SQ" || is_open || ((is_implicit || kind == "UN") && bytes.has_item(place))) {
      parts.push_back({is_open ? SIZE_MAX : place + length, is_implicit || kind == "UN"});
      continue;
    }
    if (length > bytes.count - place) return false;
    if (is_meta && element == 0x0010) {
      std::string syntax(reinterpret_cast<const char *>(bytes.start) + place, length);
      while (!syntax.empty() && (syntax.back() == '\0' || syntax.back() == ' ')) syntax.pop_back();
      is_file_implicit = syntax == "1.2.840.10008.1.2";
    }
    place += length;
  }
}

/// Why DCMTK might not survive a file, or nothing.
const char *danger(const char *path) {
  static const char deflated[] = "1.2.840.10008.1.2.1.99";
  const Bytes bytes(path);
  if (bytes.start == nullptr) return nullptr;
  if (bytes.has(deflated, sizeof deflated - 1, 0)) return "it is deflated, which is not read";
  // Few items cannot lie deep; most files end here.
  const bool has_many = bytes.has(item_tag, 4, largest_depth) || bytes.has(swapped_item_tag, 4, largest_depth);
  return has_many && !is_shallow(bytes) ? "its sequences lie too deep within each other" : nullptr;
}

}  // namespace

extern "C" int kspace_dicom_knows_elements(void) { return dcmDataDict.isDictionaryLoaded() ? 1 : 0; }

extern "C" kspace_dicom *kspace_dicom_create(void) { return new (std::nothrow) kspace_dicom; }

extern "C" kspace_dicom *kspace_dicom_read(const char *path, char *reason, size_t capacity) {
  if (const char *problem = danger(path)) {
    if (reason != nullptr && capacity > 0) std::snprintf(reason, capacity, "%s", problem);
    return nullptr;
  }
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
