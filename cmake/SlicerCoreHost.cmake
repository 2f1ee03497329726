# The embedded host: Slicer's libraries without Qt, from the `slicer-core` wheels in `.cache/venv`.
#
# Sets RATERLENS_CXX11_ABI to 0, the string ABI of those wheels, and RATERLENS_HOST_RPATH, the folders in which
# programs and libraries of this project look for Slicer, VTK and libtorch at run time.

include("${CMAKE_CURRENT_LIST_DIR}/HostVersions.cmake")
list(APPEND CMAKE_MODULE_PATH "${CMAKE_CURRENT_LIST_DIR}")

set(RATERLENS_VENV "${PROJECT_SOURCE_DIR}/.cache/venv" CACHE PATH "Python environment with the slicer-core wheels")
set(RATERLENS_VTK_SDK "${PROJECT_SOURCE_DIR}/.cache/vtk-sdk" CACHE PATH
  "Folder with VTK ${RATERLENS_VTK_VERSION} headers, wrapping tools and hierarchies")

set(Python3_EXECUTABLE "${RATERLENS_VENV}/bin/python")
if(NOT EXISTS "${Python3_EXECUTABLE}")
  message(FATAL_ERROR "RATERLENS_VENV (${RATERLENS_VENV}) holds no Python. Run `make setup`, or configure with "
    "-DRATERLENS_SLICER=OFF to build without the Slicer module.")
endif()
find_package(Python3 3.10 REQUIRED COMPONENTS Interpreter Development)
execute_process(COMMAND "${Python3_EXECUTABLE}" -c "import sysconfig; print(sysconfig.get_path('platlib'))"
  OUTPUT_VARIABLE RATERLENS_HOST_SITE_PACKAGES OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)

find_package(VTKWheel "${RATERLENS_VTK_VERSION}" EXACT REQUIRED)
find_package(SlicerCore REQUIRED)
set(RATERLENS_CXX11_ABI 0 CACHE STRING "_GLIBCXX_USE_CXX11_ABI of all C++ sources; the slicer-core wheels use 0" FORCE)

foreach(_tool Hierarchy Python PythonInit)
  string(REGEX REPLACE "([a-z])([A-Z])" "\\1_\\2" _variable "${_tool}")
  string(TOUPPER "RATERLENS_WRAP_${_variable}" _variable)
  find_program(${_variable} NAMES vtkWrap${_tool} vtkWrap${_tool}-9.6
    PATHS "${RATERLENS_VTK_SDK}" PATH_SUFFIXES bin content/bin usr/bin REQUIRED NO_DEFAULT_PATH)
endforeach()

set(RATERLENS_HOST_RPATH ${SlicerCore_LIBRARY_DIRS} "${VTKWheel_LIBRARY_DIR}")

# raterlens_use_host(<target>): what every target with VTK or MRML headers needs.
#
# The compile flag matters most: with the other string ABI each vtkObject has another size, and still links.
function(raterlens_use_host target)
  target_compile_definitions(${target} PRIVATE _GLIBCXX_USE_CXX11_ABI=${RATERLENS_CXX11_ABI})
  set_target_properties(${target} PROPERTIES
    BUILD_WITH_INSTALL_RPATH ON
    INSTALL_RPATH "$ORIGIN;$ORIGIN/../lib;${RATERLENS_PYTHON_MODULE_DIR};${RATERLENS_HOST_RPATH};${RATERLENS_FFI_LIBRARY_DIR}")
endfunction()

# raterlens_use_host_program(<target>): the same for a program. Slicer's base logic leaves its Python symbols to
# the program, which itself uses none: the linker must not drop libpython.
function(raterlens_use_host_program target)
  raterlens_use_host(${target})
  target_link_options(${target} PRIVATE LINKER:--no-as-needed)
  target_link_libraries(${target} PRIVATE Python3::Python)
endfunction()
