// How far a soak has come, in one line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/soak/movement.h"
#include "model/timestamp.h"

namespace soakwatch {

struct SoakProgress {
  std::string target;
  milliseconds planned{0};
  milliseconds passed{0};
  std::int64_t rounds = 0;
  milliseconds warm_up_left{0};
  bool away = false;  // there is no process at the moment
  std::vector<Moving> growing;
  int firing = 0;
  int suspected = 0;
};

// "sidecar  42 %, 4h38m left, 2,411 rounds; goroutines +425 % (24 to 126); 1 alert", at most
// `width` bytes: the end is cut.
std::string progress_text(const SoakProgress& progress, std::size_t width);

}  // namespace soakwatch
