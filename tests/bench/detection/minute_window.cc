#include "tests/bench/detection/minute_window.h"

#include <algorithm>

namespace soakwatch::bench {

Line MinuteWindow::line_since(double from) const {
  const auto first =
      std::lower_bound(points_.begin(), points_.end(), from,
                       [](const Point& point, double minute) { return point.minute < minute; });
  const auto n = static_cast<double>(points_.end() - first);
  if (n < 2) return {};
  const double origin = first->minute;
  double sx = 0;
  double sy = 0;
  for (auto p = first; p != points_.end(); ++p) {
    sx += p->minute - origin;
    sy += p->value;
  }
  const double mx = sx / n;
  const double my = sy / n;
  double sxx = 0;
  double sxy = 0;
  double syy = 0;
  for (auto p = first; p != points_.end(); ++p) {
    const double dx = p->minute - origin - mx;
    const double dy = p->value - my;
    sxx += dx * dx;
    sxy += dx * dy;
    syy += dy * dy;
  }
  if (sxx == 0) return {};
  Line line;
  line.slope = sxy / sxx * 60;
  line.last = my + sxy / sxx * (points_.back().minute - origin - mx);
  line.r2 = syy > 0 ? sxy * sxy / (sxx * syy) : 0;
  line.mean = my;
  return line;
}

}  // namespace soakwatch::bench
