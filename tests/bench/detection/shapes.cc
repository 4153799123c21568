#include "tests/bench/detection/shapes.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace soakwatch::bench {

std::vector<Burst> draw_bursts(Random& random, double hours, double per_hour) {
  std::vector<Burst> bursts;
  for (double at = random.exponential(1 / per_hour); at < hours;
       at += random.exponential(1 / per_hour)) {
    bursts.push_back({at, random.log_uniform(1, 20) / 60, random.log_uniform(0.3, 4)});
  }
  return bursts;
}

std::function<double(double)> burst_course(std::vector<Burst> bursts) {
  return [bursts = std::move(bursts)](double h) {
    double sum = 0;
    for (const Burst& burst : bursts) {
      if (burst.start > h) break;
      if (h < burst.start + burst.hours) sum += burst.height;
    }
    return sum;
  };
}

std::function<double(double)> sampled_course(std::vector<double> values, double step_hours) {
  return [values = std::move(values), step_hours](double h) {
    const double at = std::clamp(h / step_hours, 0.0, static_cast<double>(values.size() - 1));
    const auto left = static_cast<std::size_t>(at);
    const std::size_t right = std::min(left + 1, values.size() - 1);
    const double share = at - static_cast<double>(left);
    return values[left] * (1 - share) + values[right] * share;
  };
}

std::function<double(double)> day_course(Random& random) {
  constexpr double kTurn = 2 * 3.14159265358979323846;
  const double phase = random.uniform(0, 24);
  if (random.chance(0.5)) {
    return [phase](double h) { return 0.5 - 0.5 * std::cos(kTurn * (h + phase) / 24); };
  }
  const double flank = random.uniform(1, 4);  // hours
  const double day = random.uniform(7, 12);
  return [=](double h) {
    const double t = std::fmod(h + phase, 24);
    return std::clamp(std::min(t / flank, (2 * flank + day - t) / flank), 0.0, 1.0);
  };
}

}  // namespace soakwatch::bench
