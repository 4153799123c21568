// The slowest growth that a window of blocks could have shown, found by trying: the noise of the
// window itself, in many orders, on top of ramps, judged by the very gates that judge live.
#pragma once

#include <functional>
#include <optional>
#include <span>

namespace soakwatch {

struct BlockOfWindow {
  double hours = 0;  // since the window's start
  double minimum = 0;
  double mean = 0;
};

// Whether the gates find growth in a window of such minima and means, at the same hours.
using PassesGates =
    std::function<bool(std::span<const double> minima, std::span<const double> means)>;

// The smallest slope per hour, to a tenth, of which a share of `confidence` of the ramps is found;
// nothing when even `upper_bound` per hour is not, or the window has fewer than three blocks.
//
// The noise is what lies off the window's Theil-Sen line, or off its median where the line's
// interval contains 0, with what such a line takes out of it added again. It is laid on the ramp in
// every rotation, forwards and backwards: 48 variants of 24 blocks, which keep how neighbours
// resemble each other, as chance shuffles would not. What changes more slowly than the window is
// long cannot be seen in it, and is not accounted for.
//
// The minima of the variants come in steps of `resolution`, as those of a count do, so that ties
// weigh as they do live; 0: no steps. Within a block a ramp rises as well; that this lifts means
// over minima by half a block's growth makes no difference to a slope and is left out.
//
// Deterministic. Calls `passes` some 300 times for 24 blocks, 432 at most.
std::optional<double> smallest_detected_slope(std::span<const BlockOfWindow> window,
                                              double resolution, const PassesGates& passes,
                                              double confidence, double upper_bound);

}  // namespace soakwatch
