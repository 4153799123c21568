// Captures of real programs; see tests/fixtures/evidence.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "evidence/breakdown.h"

namespace soakwatch {

inline std::string captured(const std::string& name) {
  std::ifstream file(std::string(SOAKWATCH_FIXTURES) + "/evidence/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The group with this name and state; one without a count where there is none.
inline Group group_named(const Breakdown& breakdown, const std::string& name,
                         const std::string& state = "") {
  for (const Group& group : breakdown.groups) {
    if (group.name == name && group.state == state) return group;
  }
  return {};
}

}  // namespace soakwatch
