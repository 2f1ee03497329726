# raterlens_add_cpp_library(<target> <abi>)
#
# The wrapper as a static library, compiled with one string layout (0 or 1) that its users get
# too. It holds the C++ half of the bridge, so that half always has the layout of its host.
# Position independent: it goes into a host's shared libraries.

set(_raterlens_cpp_root "${CMAKE_CURRENT_LIST_DIR}/..")

function(raterlens_add_cpp_library target abi)
  if(NOT abi MATCHES "^[01]$")
    message(FATAL_ERROR "RATERLENS_CXX11_ABI is '${abi}': set it to 0 or 1")
  endif()
  set(sources bridge cancel convert progress raters raters_convert segmenter self_test version)
  list(TRANSFORM sources PREPEND "${_raterlens_cpp_root}/src/")
  list(TRANSFORM sources APPEND ".cpp")
  add_library(${target} STATIC ${sources} ${RATERLENS_FFI_SOURCES})
  add_dependencies(${target} raterlens_ffi_build)
  target_compile_features(${target} PUBLIC cxx_std_17)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_EXTENSIONS OFF)
  target_include_directories(${target} PUBLIC "${_raterlens_cpp_root}/include"
                                       PRIVATE "${_raterlens_cpp_root}/src")
  target_include_directories(${target} SYSTEM PRIVATE ${RATERLENS_FFI_INCLUDE_DIRS})
  target_compile_definitions(${target} PUBLIC _GLIBCXX_USE_CXX11_ABI=${abi})
  target_link_libraries(${target} PUBLIC raterlens::ffi)
  # Warnings are for our sources, not for generated ones.
  if(NOT MSVC)
    set_source_files_properties(${sources} PROPERTIES COMPILE_OPTIONS "-Wall;-Wextra;-Wpedantic")
  endif()
endfunction()
