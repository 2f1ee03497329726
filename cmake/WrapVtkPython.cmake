# raterlens_wrap_vtk_python(<library> HEADERS <h>... MODULE_DIR <dir> DEPENDS <python module>...)
#
# Makes the VTK classes of <library> importable from Python as the module <library> in MODULE_DIR. Each header
# declares the class of its own name. The modules in DEPENDS are imported first, by the wrapped module itself:
# otherwise a base class that is not loaded yet would silently become `object`.
function(raterlens_wrap_vtk_python library)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "MODULE_DIR" "HEADERS;DEPENDS")
  set(work "${CMAKE_CURRENT_BINARY_DIR}/${library}-python")
  set(hierarchy "${work}/${library}-hierarchy.txt")
  _raterlens_wrap_arguments(${library} "${work}/arguments.rsp")

  set(data "")
  foreach(header IN LISTS arg_HEADERS)
    string(APPEND data "${header};${library}\n")
  endforeach()
  file(GENERATE OUTPUT "${work}/headers.data" CONTENT "${data}")
  file(GLOB known "${VTKWheel_HIERARCHY_DIR}/*-hierarchy.txt" "${SlicerCore_HIERARCHY_DIR}/*-hierarchy.txt")
  add_custom_command(OUTPUT "${hierarchy}"
    COMMAND "${RATERLENS_WRAP_HIERARCHY}" "@${work}/arguments.rsp" -o "${hierarchy}" "${work}/headers.data" ${known}
    DEPENDS ${arg_HEADERS} "${work}/headers.data" "${work}/arguments.rsp"
    COMMENT "Class hierarchy of ${library}" VERBATIM)

  set(sources "")
  set(classes "")
  foreach(header IN LISTS arg_HEADERS)
    get_filename_component(class "${header}" NAME_WE)
    set(source "${work}/${class}Python.cxx")
    add_custom_command(OUTPUT "${source}"
      COMMAND "${RATERLENS_WRAP_PYTHON}" "@${work}/arguments.rsp" -o "${source}" --types "${hierarchy}" "${header}"
      DEPENDS "${header}" "${hierarchy}" "${work}/arguments.rsp"
      COMMENT "Python wrapping of ${class}" VERBATIM)
    list(APPEND sources "${source}")
    list(APPEND classes "${class}")
  endforeach()

  string(JOIN "\n" init_data ${library} ${classes} DEPENDS ${arg_DEPENDS})
  file(GENERATE OUTPUT "${work}/init.data" CONTENT "${init_data}\n")
  add_custom_command(OUTPUT "${work}/Init.cxx"
    COMMAND "${RATERLENS_WRAP_PYTHON_INIT}" "${work}/init.data" "${work}/Init.cxx"
    DEPENDS "${work}/init.data" VERBATIM)

  add_library(${library}Python MODULE ${sources} "${work}/Init.cxx")
  execute_process(COMMAND "${Python3_EXECUTABLE}" -c "import sysconfig; print(sysconfig.get_config_var('EXT_SUFFIX'))"
    OUTPUT_VARIABLE suffix OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  set_target_properties(${library}Python PROPERTIES
    PREFIX "" OUTPUT_NAME "${library}" SUFFIX "${suffix}" LIBRARY_OUTPUT_DIRECTORY "${arg_MODULE_DIR}")
  target_link_libraries(${library}Python PRIVATE ${library} VTK::WrappingPythonCore Python3::Module)
  raterlens_use_host(${library}Python)
endfunction()

# Where the wrapping tools look for the headers that <library> includes, written to a file that they read.
function(_raterlens_wrap_arguments library file)
  get_target_property(includes ${library} INCLUDE_DIRECTORIES)
  get_target_property(host_includes Slicer::MRMLCore INTERFACE_INCLUDE_DIRECTORIES)
  set(lines "")
  foreach(folder IN LISTS includes host_includes VTKWheel_INCLUDE_DIR)
    string(APPEND lines "-I '${folder}'\n")
  endforeach()
  file(GENERATE OUTPUT "${file}" CONTENT "${lines}")
endfunction()
