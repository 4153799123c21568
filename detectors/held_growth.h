// Growth that was found, from the window that found it until what grew has been given back.
#pragma once

#include <vector>

#include "detectors/floor_judgement.h"
#include "detectors/floor_window.h"
#include "model/finding.h"
#include "model/timestamp.h"

namespace soakwatch {

class HeldGrowth {
 public:
  // `found` passed every gate in this window.
  HeldGrowth(const FloorJudgement& found, const FloorWindow& window);

  [[nodiscard]] int level() const { return level_; }  // that found it, and goes on judging it
  [[nodiscard]] bool is_suspicion() const { return grade_ == Grade::kSuspect; }

  // Whether a window of any level, in which all of it was found again, makes the suspicion an
  // alert; `again` then tells of it, from where it began.
  bool confirm(FloorJudgement& again, const FloorWindow& window);

  // Whether it goes on in the next window of its level: not released, and not flat for all of the
  // window. Where the judgement does not say "grows", it is over.
  FloorJudgement judge(const FloorWindow& window);

 private:
  int level_;
  double base_;
  double peak_growth_;
  WallTime since_;
  milliseconds found_;  // end of the window that found it
  Grade grade_;
  Phase phase_;
  double plateau_growth_ = 0;  // when it stopped
  int blocks_below_ = 0;
  std::vector<Gate> gates_;  // of the window that gave it its grade
};

}  // namespace soakwatch
