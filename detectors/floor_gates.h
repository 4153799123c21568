// The questions that a full window must pass before its floor counts as growing. Each is a function
// of the window; docs/detection.md gives the reason and the source of each figure.
#pragma once

#include <optional>
#include <vector>

#include "detectors/floor_trend_options.h"
#include "detectors/floor_window.h"
#include "model/finding.h"

namespace soakwatch {

// Growth in proportion to the work is none; half as much again may be.
inline constexpr double kLoadFactor = 1.5;

// Growth that the user calls relevant.
double relevant_growth(const FloorTrendOptions& options, double base);
// What a window of this span needs of it for an alarm; never less than three steps of the
// resolution.
double needed_growth(const FloorTrendOptions& options, double base, milliseconds span,
                     double resolution);

// The floor grew by what is needed. In line, because most windows end with it.
inline Gate size_gate(double growth, double needed) {
  return {"size", growth >= needed, growth, needed, "growth of the floor, at least"};
}

// What the shape of a window says by itself:
// - order: the blocks are not in random order (exact Kendall test, `allowed` pairs of OrderLimits)
// - walk: the steps rise more than those of a driftless random walk (exact Wilcoxon test)
// - levelling_off: the last part still grows at a fair share of the pace of the whole
void add_shape_gates(const FloorTrendOptions& options, const FloorWindow& window, int allowed,
                     std::vector<Gate>& gates);

// The floor is above `before`, the greatest that the level saw before the window.
Gate high_water_gate(double current, double before, double needed);

// The work done does not explain the growth, which is a share of the base. Of a window with loads;
// `allowed` of OrderLimits.
Gate load_gate(const FloorWindow& window, double relative_growth, int allowed);

// A young process has grown longer without slowing, or was calm before.
Gate cold_start_gate(const FloorTrendOptions& options, const FloorWindow& window, bool was_calm);
// Whether a window that needs so much to be growth shows that the process can be calm.
inline bool shows_calm(const FloorTrendOptions& options, const WindowEnds& ends, double needed) {
  constexpr double kCalmShare = 0.15;  // of what is needed: it grew by less
  return ends.span >= options.cold_start_span / 4 && ends.current - ends.base < kCalmShare * needed;
}

// The floor of the second series grew as well. Nothing where there is none.
std::optional<Gate> agreement_gate(const FloorWindow& window, double growth);

// Whether a window that passed every other gate is enough for an alert.
Gate certainty_gate(const FloorWindow& window);

// False when the window is so short that no order of its blocks is rare enough, so that nothing can
// be found.
bool can_find_growth(const FloorTrendOptions& options);

}  // namespace soakwatch
