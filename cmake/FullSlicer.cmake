# Build of the module for a full 3D Slicer (Slicer_DIR), as an extension.
#
# Slicer decides about compiler, VTK and ITK. Its own macros build and wrap the Logic. Untested with the project's
# continuous integration, which has the slicer-core host only.

set(EXTENSION_CATEGORY "Segmentation")
set(EXTENSION_CONTRIBUTORS "The RaterLens contributors")
set(EXTENSION_DESCRIPTION "Segments an image and shows for every structure where human raters would disagree")
set(EXTENSION_DEPENDS "NA")
find_package(Slicer REQUIRED)
include("${Slicer_USE_FILE}")

# Both sides of a std::string must agree on its layout.
if(CMAKE_CXX_FLAGS MATCHES "_GLIBCXX_USE_CXX11_ABI=0")
  set(RATERLENS_CXX11_ABI 0 CACHE STRING "_GLIBCXX_USE_CXX11_ABI of all C++ sources; from Slicer's flags" FORCE)
endif()
