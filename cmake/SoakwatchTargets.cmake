# The few functions every folder's CMakeLists.txt uses, so that each of them only lists its files.

find_package(Threads REQUIRED)

add_library(soakwatch_build_flags INTERFACE)
target_compile_features(soakwatch_build_flags INTERFACE cxx_std_20)
target_compile_options(soakwatch_build_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wold-style-cast -Wnon-virtual-dtor)
target_compile_definitions(soakwatch_build_flags INTERFACE
  _GLIBCXX_ASSERTIONS
  # Asio and Beast are compiled once, in collectors/http/asio_beast.cc.
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
if(SOAKWATCH_WERROR)
  target_compile_options(soakwatch_build_flags INTERFACE -Werror)
endif()
if(SOAKWATCH_SANITIZE)
  target_compile_options(soakwatch_build_flags INTERFACE
    -fsanitize=${SOAKWATCH_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(soakwatch_build_flags INTERFACE -fsanitize=${SOAKWATCH_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # clang 14 cannot emit coroutines with it ("difference across sections").
    target_compile_options(soakwatch_build_flags INTERFACE -fno-sanitize=function)
  endif()
endif()
if(SOAKWATCH_WHOLE_FOLDERS)
  set(CMAKE_UNITY_BUILD ON)
  set(CMAKE_UNITY_BUILD_BATCH_SIZE 0)
  target_compile_options(soakwatch_build_flags INTERFACE
    # g++ takes what a source has for itself for a header's, where it is included.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(soakwatch_build_flags INTERFACE
    # -Wrestrict: a false alarm of g++ 12 on std::string (its bug 105651).
    -Wno-restrict -fstack-protector-strong -D_FORTIFY_SOURCE=2 -ffunction-sections -fdata-sections)
  target_link_options(soakwatch_build_flags INTERFACE -Wl,-z,relro,-z,now -Wl,--gc-sections)
endif()

# soakwatch_library(NAME SOURCES ... HEADERS ... [PUBLIC libs...] [PRIVATE libs...])
# One static library per folder, named soakwatch_NAME; includes are written from the project's root.
function(soakwatch_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;HEADERS;PUBLIC;PRIVATE" ${ARGN})
  set(target soakwatch_${name})
  add_library(${target} STATIC ${ARG_SOURCES})
  # A header with a source of its name is compiled alone, as the first that its source includes.
  set(alone ${ARG_HEADERS})
  set(with_source ${ARG_SOURCES})
  list(TRANSFORM with_source REPLACE "\\.cc$" ".h")
  list(REMOVE_ITEM alone ${with_source})
  target_sources(${target}
    PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${ARG_HEADERS}
    PUBLIC FILE_SET alone TYPE HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${alone})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${target} PUBLIC soakwatch_build_flags Threads::Threads ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
  # The others: target all_verify_interface_header_sets.
  set_target_properties(${target} PROPERTIES
    VERIFY_INTERFACE_HEADER_SETS ON INTERFACE_HEADER_SETS_TO_VERIFY alone)
endfunction()

# soakwatch_unit_test(FOLDER SOURCES ... [LIBS ...]): one test program per folder, known to ctest by its cases.
function(soakwatch_unit_test folder)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
  set(target unit_${folder})
  add_executable(${target} ${ARG_SOURCES})
  # Each test has names of its own.
  set_target_properties(${target} PROPERTIES UNITY_BUILD OFF)
  # Together half of the time that a test takes to compile, and it runs as fast: what it tests is optimised.
  target_compile_options(${target} PRIVATE $<$<CONFIG:Debug>:-O0>)
  target_precompile_headers(${target} PRIVATE
    <gmock/gmock.h> <gtest/gtest.h> <chrono> <filesystem> <fstream> <optional> <string> <vector>)
  target_link_libraries(${target} PRIVATE ${ARG_LIBS} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${target} PRIVATE SOAKWATCH_FIXTURES="${PROJECT_SOURCE_DIR}/tests/fixtures")
  gtest_discover_tests(${target} TEST_PREFIX ${folder}. PROPERTIES TIMEOUT 120 DISCOVERY_TIMEOUT 60)
endfunction()

# soakwatch_fuzz_target(NAME SOURCE LIBS...): libFuzzer in the preset `fuzz`, else nothing.
# The corpus lies in tests/fuzz/corpus/NAME.
function(soakwatch_fuzz_target name source)
  if(SOAKWATCH_FUZZ)
    add_executable(fuzz_${name} ${source})
    target_link_libraries(fuzz_${name} PRIVATE ${ARGN})
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  endif()
endfunction()
