// Carries progress from Rust to a std::function, and exceptions past Rust.
// Internal.
#pragma once

#include <exception>

#include "bridge.hpp"
#include "raterlens/progress.hpp"

namespace raterlens {
namespace internal {

/// Lives on the stack of a long call for one run.
///
/// An exception must not unwind through Rust frames. It is kept here, the run
/// is told to stop, and `rethrow()` throws it once Rust has returned.
class ProgressRelay {
public:
  explicit ProgressRelay(const ProgressCallback &callback) : callback_(callback) {}
  ProgressRelay(const ProgressRelay &) = delete;
  ProgressRelay &operator=(const ProgressRelay &) = delete;

  /// What Rust calls; silent when the callback is empty. Valid as long as this.
  bridge::ProgressSink sink() noexcept;

  /// Throws what the callback threw, as `Error`; does nothing when it did not.
  void rethrow() const;

private:
  bool report(double fraction, const std::uint8_t *stage, std::size_t stage_len) noexcept;
  static bool report_to(void *relay, double fraction, const std::uint8_t *stage,
                        std::size_t stage_len) noexcept;

  const ProgressCallback &callback_;
  std::exception_ptr thrown_;
};

} // namespace internal
} // namespace raterlens
