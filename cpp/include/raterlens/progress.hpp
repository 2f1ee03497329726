// How far a call is.
#pragma once

#include <functional>
#include <string>

namespace raterlens {

/// Told how far a call is: `fraction` in [0, 1] and a short name of the stage.
///
/// Runs on the thread that made the call. An exception that it throws
/// stops the run and arrives as `Error` with the original nested in it.
using ProgressCallback = std::function<void(double fraction, const std::string &stage)>;

} // namespace raterlens
