// The only door to Rust: calls the bridge and turns its errors into `Error`.
// Internal; public headers never include it.
#pragma once

#include <string>
#include <utility>

#include "raterlens-ffi/src/lib.rs.h"
#include "raterlens/error.hpp"
#include "rust/cxx.h"

namespace raterlens {
namespace internal {

/// Takes the bridge's text apart: kind code, U+001F, message. Text without a
/// known code becomes an error of kind `Internal`.
Error decode_error(const std::string &text);

/// Translates the exception in flight to `Error`. Call it in a catch block.
[[noreturn]] void rethrow_as_error();

/// Calls `function`; whatever it throws arrives as `Error`.
template <class Function> auto call(Function &&function) -> decltype(function()) {
  try {
    return std::forward<Function>(function)();
  } catch (...) {
    rethrow_as_error();
  }
}

/// Borrows `text` for a call into Rust, or throws `Error` of the given kind
/// that says that `what` is not UTF-8.
rust::Str borrow_utf8(const std::string &text, const char *what, ErrorKind kind);

/// Copies a Rust string.
inline std::string to_std(const rust::String &text) { return {text.data(), text.size()}; }

} // namespace internal
} // namespace raterlens
