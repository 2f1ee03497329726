// Stops a run from another thread.
#pragma once

#include <memory>

namespace raterlens {

namespace internal {
struct CancelAccess;
}

/// A switch shared by all its copies. Hand one to a long call, keep a copy,
/// and call `cancel()` from any thread: the run ends within about a second with `Error` of kind `Cancelled`
/// and leaves no result.
///
/// A cancelled token stays cancelled: take a new one for the next run.
class CancelToken {
public:
  /// A new switch, not cancelled. Throws `Error`.
  CancelToken();
  CancelToken(const CancelToken &) noexcept;
  CancelToken &operator=(const CancelToken &) noexcept;
  ~CancelToken();

  /// Asks every run that holds a copy to stop.
  void cancel() noexcept;
  /// Whether `cancel()` was called on any copy.
  bool cancelled() const noexcept;

private:
  friend struct internal::CancelAccess;
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

} // namespace raterlens
