#pragma once

#include <fstream>
#include <iterator>
#include <string>

namespace soakwatch {

// A file of tests/fixtures/pprof.
inline std::string fixture(const std::string& name) {
  std::ifstream file(std::string(SOAKWATCH_FIXTURES) + "/pprof/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace soakwatch
