# Checks of the source itself, as tests.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
add_test(NAME includes.table
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/check_includes.py ${PROJECT_SOURCE_DIR})
add_test(NAME includes.self_test
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/check_includes_test.py)
