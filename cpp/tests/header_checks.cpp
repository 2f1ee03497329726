// The umbrella header alone must be enough and must show nothing of the bridge.
// This program is compiled with the public include folder only.
#include <raterlens/raterlens.hpp>

#include <type_traits>

#if defined(CXXBRIDGE1_RUST_STRING) || defined(CXXBRIDGE1_RUST_STR) || defined(CXXBRIDGE1_RUST_SLICE) ||     \
    defined(CXXBRIDGE1_RUST_BOX) || defined(CXXBRIDGE1_RUST_VEC) || defined(CXXBRIDGE1_RUST_ERROR) ||        \
    defined(CXXBRIDGE1_PANIC)
#error "the public header includes cxx"
#endif
#if __has_include("raterlens-ffi/src/lib.rs.h") || __has_include("rust/cxx.h")
#error "users of raterlens::cpp can include the bridge: its folder leaked into the public include path"
#endif
#if __has_include("bridge.hpp") || __has_include("self_test.hpp")
#error "users of raterlens::cpp can include inner headers"
#endif

// Defined by a host with the same names: no clash when the bridge is hidden.
namespace rust {
struct String {};
} // namespace rust

static_assert(std::is_base_of<std::runtime_error, raterlens::Error>::value, "");
static_assert(std::is_nothrow_move_constructible<raterlens::Segmenter>::value, "");
static_assert(!std::is_copy_constructible<raterlens::Segmenter>::value, "");
static_assert(std::is_nothrow_copy_constructible<raterlens::CancelToken>::value, "");

int main() { return raterlens::version().empty() ? 1 : 0; }
