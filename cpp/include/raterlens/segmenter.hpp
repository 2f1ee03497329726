// A loaded model that labels images.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "raterlens/cancel.hpp"
#include "raterlens/image.hpp"
#include "raterlens/progress.hpp"
#include "raterlens/result.hpp"

namespace raterlens {

/// How to run. The device belongs to the `Segmenter`.
struct SegmentOptions {
  /// Seed of everything random. Equal seeds give equal results.
  std::uint64_t seed = 0;
  /// Slices per network call; 0 = the default.
  std::size_t batch_size = 0;
  /// Maps of what the model does not know: "none", "dropout" (test-time dropout) or "ensemble" (of the
  /// models that the `Segmenter` was made with).
  std::string epistemic = "none";
  /// Maps of what the image leaves open: "none" or "augment" (test-time augmentation).
  std::string aleatoric = "none";
  /// Samples of test-time dropout and augmentation, 2 to 1000.
  std::uint32_t samples = 10;
};

/// A model, loaded once and used for many images.
///
/// Movable, not copyable; a moved-from object throws `Error` when used.
/// Several threads may share one: runs take turns, batch by batch.
class Segmenter {
public:
  /// Loads the model package (a folder `NAME.rlmodel`) at the UTF-8 path.
  ///
  /// `device` is "auto", "cpu", "cuda" or "cuda:N". A GPU that cannot be used is
  /// no error: the CPU runs, and `device_reason()` says why.
  /// Throws `Error` of kind `Model`, or `Device` for an unknown device name.
  explicit Segmenter(const std::string &model_path, const std::string &device = "auto");
  /// An ensemble, which answers with its members' mean. Throws also when they do not fit together
  /// (`Request`).
  explicit Segmenter(const std::vector<std::string> &model_paths, const std::string &device = "auto");
  ~Segmenter();
  Segmenter(Segmenter &&) noexcept;
  Segmenter &operator=(Segmenter &&) noexcept;
  Segmenter(const Segmenter &) = delete;
  Segmenter &operator=(const Segmenter &) = delete;

  /// The structures this model labels, in the order of its variance layers.
  const std::vector<Structure> &structures() const;
  /// Name in the model package.
  std::string model_name() const;
  /// SHA-256 of the weights, in hexadecimal.
  std::string model_checksum() const;
  /// The device the model is on: "cpu", "cuda:0".
  std::string device() const;
  /// Why it is on that device.
  std::string device_reason() const;

  /// Labels one image. Blocks: do not call it on a GUI thread.
  ///
  /// The voxels are copied once on the way in and each layer once on the way
  /// out. Throws `Error`; then nothing was changed.
  SegmentResult segment(const ImageView &image, const SegmentOptions &options = {},
                        const ProgressCallback &progress = {}, const CancelToken &cancel = {}) const;

private:
  struct Impl;
  const Impl &impl() const;
  std::unique_ptr<Impl> impl_;
};

} // namespace raterlens
