# FindSlicerCore: imported `Slicer::` targets for the `slicer-core` and `slicer-core-sdk` wheels.
#
# The SDK's own package configuration also wants a complete VTK and ITK development tree, with paths of the
# machine it was built on. RaterLens needs headers and the run-time libraries only, so it names those itself:
# what is linked is then the very file that Python loads.
#
# Input variables
#   RATERLENS_HOST_SITE_PACKAGES   folder that holds `slicer_core/` and `slicer_core_sdk/`
#   RATERLENS_SLICER_CORE_VERSION  version that both must have
# Results
#   SlicerCore_FOUND, SlicerCore_VERSION, SlicerCore_HIERARCHY_DIR, SlicerCore_LIBRARY_DIRS (for rpath)
#   Slicer::<Component> (MRMLCore, SegmentationCore, BaseLogic, SegmentationsModuleLogic, ...)

set(_sdk "${RATERLENS_HOST_SITE_PACKAGES}/slicer_core_sdk/content")
find_path(SlicerCore_INCLUDE_DIR vtkMRMLScene.h PATHS "${_sdk}/include" NO_DEFAULT_PATH)
find_path(SlicerCore_HIERARCHY_DIR MRMLCore-hierarchy.txt PATHS "${_sdk}/hierarchy" NO_DEFAULT_PATH)
find_library(SlicerCore_MRML_LIBRARY MRMLCore PATHS "${RATERLENS_HOST_SITE_PACKAGES}/slicer_core" NO_DEFAULT_PATH)
set(SlicerCore_LIBRARY_DIRS
  "${RATERLENS_HOST_SITE_PACKAGES}/slicer_core" "${RATERLENS_HOST_SITE_PACKAGES}/slicer_core/third_party.libs")

function(_raterlens_wheel_version package result)
  file(GLOB folders LIST_DIRECTORIES TRUE "${RATERLENS_HOST_SITE_PACKAGES}/${package}-*.dist-info")
  string(REGEX REPLACE ".*${package}-(.+)\\.dist-info$" "\\1" version "${folders}")
  set(${result} "${version}" PARENT_SCOPE)
endfunction()

_raterlens_wheel_version(slicer_core SlicerCore_VERSION)
_raterlens_wheel_version(slicer_core_sdk _sdk_version)
_raterlens_wheel_version(vtk _vtk_version)
foreach(_pair "slicer-core;${SlicerCore_VERSION};${RATERLENS_SLICER_CORE_VERSION}"
              "slicer-core-sdk;${_sdk_version};${RATERLENS_SLICER_CORE_VERSION}"
              "vtk;${_vtk_version};${RATERLENS_VTK_VERSION}")
  list(GET _pair 0 _name)
  list(GET _pair 1 _found)
  list(GET _pair 2 _wanted)
  if(NOT _found STREQUAL _wanted)
    set(SlicerCore_INCLUDE_DIR "SlicerCore_INCLUDE_DIR-NOTFOUND")
    set(_reason "${_reason}${_name} ${_wanted} is needed in ${RATERLENS_HOST_SITE_PACKAGES}, found '${_found}'. ")
  endif()
endforeach()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(SlicerCore
  REQUIRED_VARS SlicerCore_INCLUDE_DIR SlicerCore_HIERARCHY_DIR SlicerCore_MRML_LIBRARY
  VERSION_VAR SlicerCore_VERSION
  REASON_FAILURE_MESSAGE "${_reason}Run tools/setup_slicer_host.py, or configure with -DRATERLENS_SLICER=OFF")

function(_raterlens_import_slicer_library path)
  get_filename_component(name "${path}" NAME_WE)
  string(REGEX REPLACE "^lib(vtkSlicer|vtk)?" "" component "${name}")
  add_library(Slicer::${component} SHARED IMPORTED GLOBAL)
  set_target_properties(Slicer::${component} PROPERTIES
    IMPORTED_LOCATION "${path}"
    INTERFACE_INCLUDE_DIRECTORIES
      "${SlicerCore_INCLUDE_DIR};${_sdk}/third_party/include/vtkAddon;${_sdk}/third_party/include/ITK-5.4")
endfunction()

if(SlicerCore_FOUND)
  file(GLOB _libraries "${RATERLENS_HOST_SITE_PACKAGES}/slicer_core/lib*.so")
  foreach(_library IN LISTS _libraries)
    _raterlens_import_slicer_library("${_library}")
  endforeach()
endif()
