# Test: building again right after a build compiles and links nothing. Run with -DBUILD_DIR=<build folder>.
foreach(_round first second)
  execute_process(COMMAND "${CMAKE_COMMAND}" --build "${BUILD_DIR}"
    OUTPUT_VARIABLE _output ERROR_VARIABLE _output RESULT_VARIABLE _status)
  if(NOT _status EQUAL 0)
    message(FATAL_ERROR "the ${_round} build failed:\n${_output}")
  endif()
endforeach()
if(_output MATCHES "(Building|Linking|Generating|Compiling)[^\n]*")
  message(FATAL_ERROR "the second build worked again: ${CMAKE_MATCH_0}")
endif()
message("the second build did nothing")
