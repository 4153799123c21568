// What the window of one level showed.
#pragma once

#include <optional>
#include <vector>

#include "detectors/floor_steps.h"
#include "detectors/theil_sen.h"
#include "model/finding.h"
#include "model/timestamp.h"

namespace soakwatch {

struct FloorJudgement {
  int level = 0;
  bool grows = false;  // every gate passed, and what grew has not been given back since
  Grade grade = Grade::kSuspect;
  Phase phase = Phase::kGrowing;
  double base = 0;
  double current = 0;
  Slope slope_per_hour;
  WallTime since;
  milliseconds span{0};
  std::vector<Gate> gates;
  std::optional<Step> step;  // said once; where there is no growth
};

}  // namespace soakwatch
