# The Rust core as a CMake target.
#
# Cargo decides what is out of date, so the build asks it every time; a second build does nothing.
# Results
#   raterlens::ffi              the C++-callable shared library of the crate `raterlens-ffi`
#   RATERLENS_FFI_SOURCES       the bridge's generated C++ sources, to be compiled with the host's string ABI
#   RATERLENS_FFI_INCLUDE_DIRS  where `raterlens-ffi/src/lib.rs.h` and `rust/cxx.h` are found
#   RATERLENS_FFI_LIBRARY_DIR   folder of the shared library

get_filename_component(_repository "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)
find_program(RATERLENS_CARGO cargo HINTS "$ENV{HOME}/.cargo/bin" DOC "The Rust build tool" REQUIRED)
set(RATERLENS_CARGO_TARGET_DIR "${_repository}/target" CACHE PATH "Cargo's target folder, shared with `cargo build`")

set(RATERLENS_FFI_LIBRARY_DIR "${RATERLENS_CARGO_TARGET_DIR}/release")
set(RATERLENS_FFI_INCLUDE_DIRS "${RATERLENS_CARGO_TARGET_DIR}/cxxbridge-stable")
set(RATERLENS_FFI_SOURCES
  "${RATERLENS_FFI_INCLUDE_DIRS}/raterlens-ffi/src/lib.rs.cc" "${RATERLENS_FFI_INCLUDE_DIRS}/rust/cxx.cc")
set(_ffi_library
  "${RATERLENS_FFI_LIBRARY_DIR}/${CMAKE_SHARED_LIBRARY_PREFIX}raterlens_ffi${CMAKE_SHARED_LIBRARY_SUFFIX}")

# The whole workspace, as `make build`: a part of it alone would ask for other features of shared crates and
# compile libtorch's bindings a second time.
add_custom_target(raterlens_ffi_build ALL
  COMMAND "${CMAKE_COMMAND}" -E env --unset=CXXFLAGS --unset=CFLAGS
          "${RATERLENS_CARGO}" build --quiet --release --locked --workspace
          --target-dir "${RATERLENS_CARGO_TARGET_DIR}"
  WORKING_DIRECTORY "${_repository}"
  BYPRODUCTS "${_ffi_library}" ${RATERLENS_FFI_SOURCES}
  COMMENT "Rust core (cargo)" USES_TERMINAL VERBATIM)

add_library(raterlens::ffi SHARED IMPORTED GLOBAL)
set_target_properties(raterlens::ffi PROPERTIES
  IMPORTED_LOCATION "${_ffi_library}" IMPORTED_NO_SONAME ON)
add_dependencies(raterlens::ffi raterlens_ffi_build)
