// RaterLens for C++: labels and inter-rater variance of structures in medical images.
//
// One include for the whole public interface. It uses types of the standard
// library only, so a host needs neither Rust nor libtorch headers. Build the
// host with the same _GLIBCXX_USE_CXX11_ABI as the target `raterlens::cpp`
// (RATERLENS_CXX11_ABI; CMake passes it on).
#pragma once

#include <string>

#include "raterlens/cancel.hpp"
#include "raterlens/error.hpp"
#include "raterlens/image.hpp"
#include "raterlens/progress.hpp"
#include "raterlens/raters.hpp"
#include "raterlens/result.hpp"
#include "raterlens/segmenter.hpp"
#include "raterlens/table.hpp"

namespace raterlens {

/// Version of the RaterLens library that is loaded, such as "0.1.0".
std::string version();

} // namespace raterlens
