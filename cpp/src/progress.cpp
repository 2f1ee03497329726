#include "progress.hpp"

namespace raterlens {
namespace internal {

bridge::ProgressSink ProgressRelay::sink() noexcept {
  return callback_ ? bridge::ProgressSink{this, &ProgressRelay::report_to}
                   : bridge::ProgressSink{nullptr, nullptr};
}

bool ProgressRelay::report_to(void *relay, double fraction, const std::uint8_t *stage,
                              std::size_t stage_len) noexcept {
  return static_cast<ProgressRelay *>(relay)->report(fraction, stage, stage_len);
}

bool ProgressRelay::report(double fraction, const std::uint8_t *stage, std::size_t stage_len) noexcept {
  if (thrown_) {
    return false; // Stopping already: do not call it again.
  }
  try {
    callback_(fraction, std::string(reinterpret_cast<const char *>(stage), stage_len));
    return true;
  } catch (...) {
    thrown_ = std::current_exception();
    return false;
  }
}

void ProgressRelay::rethrow() const {
  if (!thrown_) {
    return;
  }
  try {
    std::rethrow_exception(thrown_);
  } catch (const Error &) {
    throw;
  } catch (const std::exception &error) {
    std::throw_with_nested(
        Error(ErrorKind::Internal, std::string("the progress callback failed: ") + error.what()));
  } catch (...) {
    std::throw_with_nested(Error(ErrorKind::Internal, "the progress callback failed"));
  }
}

} // namespace internal
} // namespace raterlens
