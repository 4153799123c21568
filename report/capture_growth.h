// What grew between the captures of one process, read from their files.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "evidence/breakdown.h"
#include "model/capture.h"

namespace soakwatch {

struct CaptureGrowth {
  Capture before;
  Capture after;
  double weight_before = 0;  // of all groups together: bytes, seconds or a count
  double weight_after = 0;
  std::vector<GroupGrowth> groups;  // that grew, the most first
};

// For each kind: the first capture of the process that was captured last, and its newest one. A
// kind with one capture, and a file that is gone or damaged, are left out. Reads files.
std::vector<CaptureGrowth> growth_between(const std::filesystem::path& database,
                                          const std::vector<Capture>& captures,
                                          std::size_t group_limit);

}  // namespace soakwatch
