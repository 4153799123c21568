// The captured files that tests read.
#pragma once

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace soakwatch {

inline std::string fixture_file(const std::string& name) {
  std::ifstream in(std::string(SOAKWATCH_FIXTURES "/evidence/") + name, std::ios::binary);
  if (!in) throw std::runtime_error("no fixture " + name);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace soakwatch
