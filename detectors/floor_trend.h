// FloorTrend: does the floor of a series rise, steadily, by an amount that matters, without
// levelling off?
//
// The floor is the series of block minima (block_minima.h). Whenever a block closes at a level
// whose window is full, the window must pass every gate:
// - size: the floor grew by what the user calls relevant
// - order: the blocks are not in random order (exact Kendall test)
// - walk: the steps rise more than those of a driftless random walk (exact Wilcoxon test)
// - levelling_off: the last part still grows at a fair share of the pace of the whole
// - high_water: the floor is above everything that the level saw before the window
// - load: the work done does not explain it
// - cold_start: a young process has grown longer without slowing, or was calm before
// - agreement: where a second series is given, its floor grew as well
// What passes them is a suspicion; one more gate, certainty, makes it an alert.
// docs/detection.md gives the reason and the source of each figure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "detectors/block_minima.h"
#include "detectors/theil_sen.h"
#include "model/finding.h"

namespace soakwatch {

struct FloorTrendOptions {
  BlockOptions blocks;
  milliseconds warm_up{600000};           // after the first sample; left out
  milliseconds cold_start_span{7200000};  // growth from the start must last so long; 0: gate off
  double false_alarms_per_day = 0.001;    // of the order gate, over all levels
  double levelling_off_ratio = 0.5;
  double min_growth = 0;        // unit of the series
  double min_growth_ratio = 0;  // of the base
  std::optional<double> limit;  // of the series; nearing it within the hour waives the cold start
  double least_base = 0;        // shares are taken of this, where the base is smaller
  double quantum = 1;           // resolution of the series; less than three of them is no growth
};

// False when the window is so short that no order of its blocks is rare enough, so that nothing can
// be found.
bool can_find_growth(const FloorTrendOptions& options);

// A jump from one level to another, with calm before and after.
struct Step {
  WallTime time;  // of the block that it came with
  double before = 0;
  double after = 0;
};

// What the window of one level showed.
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
  // The present blocks of a full window.
  struct Window {
    std::vector<double> minima;
    std::vector<Point> points;  // hours since the window's start, minimum
    std::vector<double> companions;
    std::vector<Point> means;
    std::vector<Point> loads;  // hours since the window's start, mean; empty where not known
    WallTime start;
    milliseconds begin{0};  // on the series' own clock
    milliseconds span{0};
  };
  struct Held {
    int level = 0;
    double base = 0;
    double peak_growth = 0;
    WallTime since;
    milliseconds found{0};  // end of the window that found it
    Grade grade = Grade::kSuspect;
    Phase phase = Phase::kGrowing;
    double plateau_growth = 0;  // when it stopped
    int blocks_below = 0;
    std::vector<Gate> gates;  // of the window that gave it its grade
  };

  // Of a full window, what the size gate asks.
  struct Ends {
    double base = 0;
    double current = 0;
    WallTime start;
    milliseconds span{0};
  };

  [[nodiscard]] bool is_full(int level) const;
  [[nodiscard]] std::optional<Ends> ends_of(int level) const;
  // The judgement of a window that is too small whatever its resolution; nothing for others.
  std::optional<FloorJudgement> judge_size(int level, const Ends& ends);
  [[nodiscard]] std::optional<Window> window(int level) const;
  FloorJudgement judge(int level, const Window& window);
  // Whether a window that passed every gate is enough for an alert.
  [[nodiscard]] Gate certainty_gate(const Window& window) const;
  void hold(const FloorJudgement& judgement, const Window& window);
  // Whether this window of any level makes the suspicion that is held an alert; `judgement` then
  // tells of it, from where it began.
  bool confirm(FloorJudgement& judgement, const Window& window);
  // Whether growth that was found goes on: not released, and not flat for a whole window.
  FloorJudgement judge_held(const Window& window);
  // Growth that the user calls relevant, and what a window of this span needs for an alarm.
  [[nodiscard]] double matters(double base) const;
  [[nodiscard]] double need(double base, milliseconds span, double resolution) const;
  // Order, walk and levelling off: what the shape of a window says by itself.
  void add_shape_gates(int level, const Window& window, std::vector<Gate>& gates) const;
  [[nodiscard]] Gate walk_gate(const Window& window) const;
  [[nodiscard]] Gate load_gate(const Window& window, double relative_growth) const;
  [[nodiscard]] Gate cold_start_gate(const Window& window) const;
  // A step in the window that was not told before.
  std::optional<Step> new_step(int level, const Window& window);

  FloorTrendOptions options_;
  std::optional<milliseconds> first_;
  BlockMinima minima_;
  std::vector<std::vector<int>> order_critical_;  // [level][absent blocks]
  std::vector<int> load_critical_;
  bool was_calm_ = false;
  std::optional<Held> held_;
  milliseconds told_step_ = milliseconds::min() / 2;  // end of the block of the latest step
};

}  // namespace soakwatch
