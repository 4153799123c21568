#include "detectors/line_fit.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace soakwatch {

LineFit fit_line(std::span<const Point> points) {
  LineFit fit;
  if (points.empty()) return fit;
  const auto n = static_cast<double>(points.size());
  double mx = 0;
  double my = 0;
  for (const Point& p : points) {
    mx += p.x / n;
    my += p.y / n;
  }
  double sxx = 0;
  double sxy = 0;
  for (const Point& p : points) {
    sxx += (p.x - mx) * (p.x - mx);
    sxy += (p.x - mx) * (p.y - my);
  }
  const double slope = sxx > 0 ? sxy / sxx : 0;
  double squares = 0;
  double steps = 0;
  fit.off.reserve(points.size());
  for (const Point& p : points) {
    const double off = p.y - my - slope * (p.x - mx);
    squares += off * off;
    if (!fit.off.empty()) steps += (off - fit.off.back()) * (off - fit.off.back());
    fit.off.push_back(off);
  }
  fit.rise = slope * (points.back().x - points.front().x);
  fit.distance = std::sqrt(squares / std::max(1.0, n - 2));
  fit.jaggedness = squares > 0 ? steps / squares : 0;
  return fit;
}

}  // namespace soakwatch
