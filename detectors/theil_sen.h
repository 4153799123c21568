// The Theil-Sen estimate of a slope: the median of the slopes of all pairs. A few outliers do not
// move it.
#pragma once

#include <span>

namespace soakwatch {

struct Point {
  double x = 0;
  double y = 0;
};

struct Slope {
  double value = 0;
  double low = 0;  // 95 % interval after Sen (1968), from the variance of Kendall's statistic
  double high = 0;
};

// y per unit of x. Fewer than two different x: all zero. O(n^2 log n): for windows of tens of
// points.
Slope theil_sen(std::span<const Point> points);

// Median of a small set; 0 for none.
double median(std::span<const double> values);

}  // namespace soakwatch
