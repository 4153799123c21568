// The window of one level: its latest blocks, and what is read off them.
#pragma once

#include <optional>
#include <vector>

#include "detectors/block_minima.h"
#include "detectors/theil_sen.h"
#include "model/timestamp.h"

namespace soakwatch {

inline double hours_of(milliseconds time) {
  return std::chrono::duration<double, std::ratio<3600>>(time).count();
}

// Those of its blocks that are present, the oldest first.
struct FloorWindow {
  std::vector<double> minima;
  std::vector<Point> points;  // hours since the window's start, minimum
  std::vector<double> companions;
  std::vector<Point> means;
  std::vector<Point> loads;  // hours since the window's start, mean; empty where not known
  WallTime start;
  milliseconds begin{0};  // on the series' own clock
  milliseconds span{0};
  int absent = 0;  // blocks that a complete window has besides

  [[nodiscard]] double base() const;     // median of the first three minima
  [[nodiscard]] double current() const;  // of the last three
  [[nodiscard]] double growth() const { return current() - base(); }
  [[nodiscard]] milliseconds end() const { return begin + span; }
  // So long that it is judged from three quarters of its blocks on, and by its means as well.
  [[nodiscard]] bool is_over_a_night() const;
  // The smallest step between neighbours: the resolution, where that is coarser than the unit of
  // the series; 0 where all are alike.
  [[nodiscard]] double step() const;
};

// Nothing while the level has too few blocks, or too many of them are missing.
std::optional<FloorWindow> full_window(const BlockMinima& minima, int level);

// Of a full window, what the size gate asks; nothing is copied for it.
struct WindowEnds {
  double base = 0;
  double current = 0;
  WallTime start;
  milliseconds span{0};
};
std::optional<WindowEnds> ends_of_full_window(const BlockMinima& minima, int level);

// Of a window of so many blocks: how many may be missing, and how many may be absent in all,
// missing or not yet there.
int most_missing(int window);
int most_absent(int window);

}  // namespace soakwatch
