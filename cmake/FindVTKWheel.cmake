# FindVTKWheel: imported `VTK::` targets for the `vtk` package of a Python environment.
#
# The wheel ships libraries but no headers, so headers come from an SDK folder of the same version
# (`tools/setup_slicer_host.py` prepares one from Debian's packages).
#
# Input variables
#   RATERLENS_HOST_SITE_PACKAGES  folder that holds `vtkmodules/`
#   RATERLENS_VTK_SDK             folder with VTK's headers, wrapping tools and hierarchy files
#   RATERLENS_VTK_VERSION         version that both must have
# Results
#   VTKWheel_FOUND, VTKWheel_VERSION, VTKWheel_INCLUDE_DIR, VTKWheel_LIBRARY_DIR, VTKWheel_HIERARCHY_DIR
#   VTK::<Module> for every `libvtk<Module>.so`, with VTK::vtksys beneath VTK::CommonCore

find_path(VTKWheel_INCLUDE_DIR vtkVersionMacros.h
  PATHS "${RATERLENS_VTK_SDK}" PATH_SUFFIXES include/vtk-9.6 usr/include/vtk-9.6 content/include/vtk-9.6
  NO_DEFAULT_PATH)
find_path(VTKWheel_HIERARCHY_DIR vtkCommonCore-hierarchy.txt
  PATHS "${RATERLENS_VTK_SDK}"
  PATH_SUFFIXES hierarchy/VTK usr/lib/x86_64-linux-gnu/vtk-9.6/hierarchy/VTK content/lib/vtk-9.6/hierarchy/VTK
                content/lib/vtk/hierarchy/VTK
  NO_DEFAULT_PATH)
set(VTKWheel_LIBRARY_DIR "${RATERLENS_HOST_SITE_PACKAGES}/vtkmodules")

if(VTKWheel_INCLUDE_DIR)
  file(STRINGS "${VTKWheel_INCLUDE_DIR}/vtkVersionMacros.h" _line REGEX "define VTK_VERSION \"")
  string(REGEX REPLACE ".*\"([0-9.]+)\".*" "\\1" VTKWheel_VERSION "${_line}")
  file(STRINGS "${VTKWheel_INCLUDE_DIR}/vtkSMP.h" _tbb REGEX "define VTK_SMP_ENABLE_TBB 1")
  if(_tbb)
    message(FATAL_ERROR "VTK's headers in ${VTKWheel_INCLUDE_DIR} enable TBB, which the vtk wheel does not "
      "have: run tools/setup_slicer_host.py, which corrects vtkSMP.h.")
  endif()
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(VTKWheel
  REQUIRED_VARS VTKWheel_INCLUDE_DIR VTKWheel_HIERARCHY_DIR VTKWheel_LIBRARY_DIR
  VERSION_VAR VTKWheel_VERSION
  REASON_FAILURE_MESSAGE "run tools/setup_slicer_host.py, or set RATERLENS_VTK_SDK to an unpacked VTK ${RATERLENS_VTK_VERSION} SDK")

function(_raterlens_import_vtk_library path)
  get_filename_component(name "${path}" NAME)
  string(REGEX REPLACE "^libvtk([A-Za-z0-9_]+).*" "\\1" module "${name}")
  if(module MATCHES "^WrappingPythonCore")
    set(module WrappingPythonCore)
  elseif(module STREQUAL "sys")
    set(module vtksys)
  endif()
  if(NOT TARGET VTK::${module})
    add_library(VTK::${module} SHARED IMPORTED GLOBAL)
    set_target_properties(VTK::${module} PROPERTIES
      IMPORTED_LOCATION "${path}"
      INTERFACE_INCLUDE_DIRECTORIES "${VTKWheel_INCLUDE_DIR}")
  endif()
endfunction()

if(VTKWheel_FOUND)
  file(GLOB _libraries "${VTKWheel_LIBRARY_DIR}/libvtk*.so")
  foreach(_library IN LISTS _libraries)
    _raterlens_import_vtk_library("${_library}")
  endforeach()
  set_property(TARGET VTK::CommonCore APPEND PROPERTY INTERFACE_LINK_LIBRARIES VTK::vtksys)
endif()
