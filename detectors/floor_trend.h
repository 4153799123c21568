// FloorTrend: does the floor of a series rise, steadily, by an amount that matters, without
// levelling off?
//
// The floor is the series of block minima (block_minima.h). Whenever a block closes at a level
// whose window is full (floor_window.h), the window must pass every gate (floor_gates.h). What
// passes them is a suspicion; one more gate, certainty, makes it an alert. What was found is held
// (held_growth.h) until it has been given back.
#pragma once

#include <cmath>
#include <optional>

#include "detectors/block_minima.h"
#include "detectors/floor_judgement.h"
#include "detectors/floor_steps.h"
#include "detectors/floor_trend_options.h"
#include "detectors/floor_window.h"
#include "detectors/held_growth.h"
#include "detectors/order_limits.h"

namespace soakwatch {

// Not thread-safe. Deterministic in its samples.
class FloorTrend {
 public:
  explicit FloorTrend(const FloorTrendOptions& options);

  // The judgement of the lowest level that says "grows", else of the one that came furthest;
  // nothing when no window was full. While growth holds, judged at the level that found it; a
  // suspicion becomes an alert when any level finds it beyond doubt, or finds it again in a window
  // that has nothing in common with the first.
  std::optional<FloorJudgement> add(milliseconds monotonic, WallTime wall, double value,
                                    double companion, double load = std::nan(""));

  // The slowest growth per hour that the windows at hand would show in `confidence` of all cases,
  // each judged with its own noise; nothing while no window is full, or none shows any growth.
  struct Smallest {
    std::optional<double> slope_per_hour;
    milliseconds span{0};  // of the longest window
  };
  [[nodiscard]] Smallest smallest_growth(double confidence) const;

 private:
  // The judgement of a window that is too small whatever its resolution; nothing for others.
  std::optional<FloorJudgement> judge_size(int level, const WindowEnds& ends);
  FloorJudgement judge(int level, const FloorWindow& window);
  void add_gates_after_size(int level, const FloorWindow& window, double needed,
                            FloorJudgement& judgement) const;
  [[nodiscard]] std::optional<double> smallest_slope(int level, const FloorWindow& window,
                                                     double confidence) const;
  // What a window needs, as its own blocks show the resolution.
  [[nodiscard]] double needed_in(const FloorWindow& window) const;

  FloorTrendOptions options_;
  std::optional<milliseconds> first_;
  BlockMinima minima_;
  OrderLimits order_limits_;
  bool was_calm_ = false;
  std::optional<HeldGrowth> held_;
  FloorSteps steps_;
};

}  // namespace soakwatch
