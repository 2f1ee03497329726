// Makes Rust fail on purpose, for tests of the bridge. Internal.
#pragma once

#include <string>

namespace raterlens {
namespace internal {

enum class SelfTest { Succeed, Fail, Panic };

/// Succeeds, or throws the `Error` that Rust's error (kind `Model`) or panic
/// (kind `Internal`) with this message becomes.
void self_test(SelfTest outcome, const std::string &message);

} // namespace internal
} // namespace raterlens
