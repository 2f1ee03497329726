// How Rust tells C++ how far a run is: a plain function pointer with a context.
//
// Mirrored by `ProgressSink` in ../src/progress.rs. A pointer rather than a
// C++ class that Rust calls by name, so that the shared library has no
// undefined symbols (Windows and macOS refuse them).
#pragma once

#include <cstddef>
#include <cstdint>

namespace raterlens {
namespace bridge {

extern "C" {
/// `stage` is UTF-8 of `stage_len` bytes, not terminated, valid for the call.
/// Returns false to stop the run. `noexcept`: an exception must not unwind
/// through Rust frames.
using ProgressFunction = bool (*)(void *context, double fraction, const std::uint8_t *stage,
                                  std::size_t stage_len) noexcept;
}

struct ProgressSink {
  /// Handed back to `report`; must stay valid until the run returns.
  void *context;
  /// Null when nobody listens. Called on the thread that started the run.
  ProgressFunction report;
};

} // namespace bridge
} // namespace raterlens
