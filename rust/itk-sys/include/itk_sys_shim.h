// The C++ half of itk-sys: what src/bridge.rs declares.
//
// Compiled with the string layout (_GLIBCXX_USE_CXX11_ABI) of the ITK it is linked with, which may differ
// from that of cxx's own library: texts cross as bytes, never as std::string. Errors leave as
// std::runtime_error, whose layout is the same in both, with ITK's reason as text.
#pragma once

#include "rust/cxx.h"

#include <cstdint>
#include <memory>

namespace itk_sys {

struct Frame;
struct N4Settings;
struct DenoiseSettings;
struct Reporter;

// A file whose header was read.
class ImageFile {
public:
  struct Held;
  explicit ImageFile(std::unique_ptr<Held> held);
  ~ImageFile();

  Frame frame() const;
  // 1 to 10: u8, i8, u16, i16, u32, i32, u64, i64, f32, f64; 0 for anything else.
  std::uint8_t component_type() const;
  std::uint32_t components() const;
  bool is_colour() const;
  void format(rust::Vec<std::uint8_t> &out) const;
  // Names and values by turns, each ended by a zero byte.
  void metadata(rust::Vec<std::uint8_t> &out) const;
  // Fills `out`, which must have the size of all voxels, with numbers in this machine's byte order.
  void read(rust::Slice<std::uint8_t> out);

private:
  std::unique_ptr<Held> held_;
};

std::unique_ptr<ImageFile> open_file(rust::Slice<const std::uint8_t> path);
void write_file(rust::Slice<const std::uint8_t> path, const Frame &frame, std::uint8_t component_type,
                std::uint32_t components, rust::Slice<const std::uint8_t> metadata, bool compress,
                rust::Slice<const std::uint8_t> voxels);
// For each DICOM series its UID, then its files, then an empty text; each text ended by a zero byte.
void list_series(rust::Slice<const std::uint8_t> folder, bool recursive, rust::Vec<std::uint8_t> &out);

void set_thread_count(std::uint32_t count);
std::uint32_t thread_count();
void version(rust::Vec<std::uint8_t> &out);

void n4(const Frame &frame, rust::Slice<const float> image, rust::Slice<const std::uint8_t> mask,
        const N4Settings &settings, const Reporter &reporter, rust::Slice<float> corrected,
        rust::Slice<float> log_bias);
void denoise(const Frame &frame, rust::Slice<const float> image, rust::Slice<const std::uint8_t> mask,
             const DenoiseSettings &settings, const Reporter &reporter, rust::Slice<float> out);
void resample(const Frame &frame, rust::Slice<const float> image, const Frame &target,
              std::uint8_t interpolation, float outside, std::uint32_t threads, const Reporter &reporter,
              rust::Slice<float> out);
void resample_labels(const Frame &frame, rust::Slice<const std::uint16_t> labels, const Frame &target,
                     std::uint8_t interpolation, std::uint32_t threads, const Reporter &reporter,
                     rust::Slice<std::uint16_t> out);

} // namespace itk_sys
