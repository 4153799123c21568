// The least-squares line through a window, and what lies off it. Unlike the Theil-Sen slope it
// follows outliers: for how well a line fits, not for how fast something grows.
#pragma once

#include <span>
#include <vector>

#include "detectors/theil_sen.h"

namespace soakwatch {

struct LineFit {
  double rise = 0;          // of the line from the first point to the last, in the unit of y
  double distance = 0;      // standard deviation from it, the same
  double jaggedness = 0;    // von Neumann's ratio of the distances: 2 for noise, under 1 for a walk
  std::vector<double> off;  // y less the line, point by point
};

// Points in order of x. Where all x are the same, the line is level. None: all zero.
LineFit fit_line(std::span<const Point> points);

}  // namespace soakwatch
