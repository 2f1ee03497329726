// The one exception type of the wrapper.
#pragma once

#include <stdexcept>
#include <string>

namespace raterlens {

/// What went wrong, coarse enough to act on.
enum class ErrorKind {
  Cancelled,    ///< The run was cancelled; it left no result.
  InvalidImage, ///< The image or its geometry cannot be used.
  Model,        ///< The model package is missing, damaged or does not fit.
  Device,       ///< The device asked for is unknown.
  Raters,       ///< The raters' label maps, or what was asked of them, cannot be used.
  Request,      ///< What was asked for makes no sense, or the model cannot do it.
  Internal,     ///< A defect of RaterLens, or an exception from a callback.
};

/// Everything RaterLens throws. `what()` is a sentence for the user: what is
/// wrong with which input, and what to do.
///
/// An exception thrown by a progress callback arrives as an `Error` of kind
/// `Internal` with the original nested in it (`std::rethrow_if_nested`).
class Error : public std::runtime_error {
public:
  Error(ErrorKind kind, const std::string &message) : std::runtime_error(message), kind_(kind) {}

  /// The kind of failure.
  ErrorKind kind() const noexcept { return kind_; }

private:
  ErrorKind kind_;
};

} // namespace raterlens
