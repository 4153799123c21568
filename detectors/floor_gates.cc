#include "detectors/floor_gates.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "detectors/line_fit.h"
#include "detectors/order_limits.h"
#include "detectors/rank_tests.h"

namespace soakwatch {
namespace {

// The size that matters is meant for alarms within an hour or two. A longer window may find less:
// the need shrinks with the square of its span, down to a share of the base.
constexpr milliseconds kEarlySpan = std::chrono::minutes(96);
constexpr double kLeastRatio = 0.04;
// Chance that a driftless random walk passes the walk gate: 31 of the 276 ranks of 23 increments.
constexpr double kWalkChance = 3e-4;
// Over a night, noise on a steady rise is told from a random walk by its distance from the line:
// neighbours are unlike each other (von Neumann's ratio, 2 for noise, under 1 for a walk), and the
// rise is many times that distance. Of walks with any noise on them 1.1 % a window pass
// (simulated).
constexpr double kJagged = 1.5;
constexpr double kRiseOfNoise = 12;
// What passes every gate is a suspicion. One window makes it an alert where a driftless walk is out
// of the question: by its steps alone (15 of 276 ranks), or by its steps and as noise around a
// line, which a walk never is; over a night by the line alone; or because the floor has grown by
// three quarters, which no slow drift does. Chosen on the benchmark's tuning seeds:
// docs/detection.md.
constexpr double kCertainWalkChance = 2e-5;
constexpr double kLineJagged = 1.2;
constexpr double kLineRiseOfNoise = 6;
constexpr double kCertainRiseOfNoise = 20;
constexpr double kGreatGrowth = 0.75;
// The high water must be passed by this share of what matters.
constexpr double kAboveHighWater = 0.5;
// The second half of a cold start must keep this share of the pace of the first.
constexpr double kColdStartPace = 0.8;
// Nobody waits two hours for a start to calm down when the limit is nearer than this.
constexpr double kLimitNearHours = 1;
// The agreement gate asks the second series for half of the growth of the first.
constexpr double kAgreementShare = 0.5;

double median_of_first(const std::vector<double>& values, std::size_t n) {
  return median(std::span(values).first(std::min(n, values.size())));
}
double median_of_last(const std::vector<double>& values, std::size_t n) {
  return median(std::span(values).last(std::min(n, values.size())));
}

std::vector<double> heights(const std::vector<Point>& points) {
  std::vector<double> values;
  values.reserve(points.size());
  for (const Point& point : points) values.push_back(point.y);
  return values;
}

double rise_in_distances(const LineFit& line, double without_noise) {
  return line.distance > 0 ? line.rise / line.distance : without_noise;
}

Gate order_gate(const FloorWindow& w, int allowed) {
  int discordant = discordant_pairs(w.minima);
  if (w.is_over_a_night()) discordant = std::min(discordant, discordant_pairs(heights(w.means)));
  return {"order", discordant <= allowed, static_cast<double>(discordant),
          static_cast<double>(allowed), "pairs of blocks that do not rise, at most"};
}

Gate walk_gate(const FloorWindow& w) {
  const SignedRank walk = signed_rank(w.minima);
  const int allowed = walk.increments > 0 ? signed_rank_critical(walk.increments, kWalkChance) : -1;
  if (walk.negative_ranks <= allowed || !w.is_over_a_night()) {
    return {"walk", walk.negative_ranks <= allowed, walk.negative_ranks,
            static_cast<double>(allowed), "ranks of the falling steps, at most"};
  }
  const LineFit fit = fit_line(w.means);
  return {"walk", fit.jaggedness >= kJagged && fit.rise >= kRiseOfNoise * fit.distance,
          rise_in_distances(fit, 0), kRiseOfNoise,
          "rise of the line through a night, in distances from it, at least"};
}

Gate levelling_off_gate(const FloorTrendOptions& options, const FloorWindow& w) {
  const std::vector<Point>& course = w.is_over_a_night() ? w.means : w.points;
  const std::size_t late = course.size() * 3 / 8;
  const double pace_all = theil_sen(course).value;
  const double pace_early = theil_sen(std::span(course).first(course.size() - late)).value;
  const double pace_late = theil_sen(std::span(course).last(late)).value;
  const double needed = options.levelling_off_ratio * std::max(pace_all, pace_early);
  return {"levelling_off", pace_late >= needed, pace_late, needed,
          "growth per hour in the last part, at least"};
}

}  // namespace

double relevant_growth(const FloorTrendOptions& options, double base) {
  const double level = std::max(std::fabs(base), options.least_base);
  return std::max(options.min_growth, options.min_growth_ratio * level);
}

double needed_growth(const FloorTrendOptions& options, double base, milliseconds span,
                     double resolution) {
  const double level = std::max(std::fabs(base), options.least_base);
  const double early = relevant_growth(options, base);
  const double share = std::min(
      1.0, std::chrono::duration<double>(kEarlySpan) / std::chrono::duration<double>(span));
  const double late = std::max(early * share * share, kLeastRatio * level);
  return std::max(std::min(early, late), 3 * resolution);
}

void add_shape_gates(const FloorTrendOptions& options, const FloorWindow& window, int allowed,
                     std::vector<Gate>& gates) {
  gates.push_back(order_gate(window, allowed));
  gates.push_back(walk_gate(window));
  gates.push_back(levelling_off_gate(options, window));
}

Gate high_water_gate(double current, double before, double needed) {
  const double high_water = before + kAboveHighWater * needed;
  return {"high_water", current >= high_water, current, high_water,
          "floor now, at least above all before by half of what matters"};
}

Gate load_gate(const FloorWindow& w, double relative_growth, int allowed) {
  const std::vector<double> loads = heights(w.loads);
  double grown = 0;
  if (discordant_pairs(loads) <= allowed) {
    const double before = median_of_first(loads, 3);
    const double risen = median_of_last(loads, 3) - before;
    grown = before > 0 ? risen / before : 0;
  }
  return {"load", relative_growth >= kLoadFactor * grown, relative_growth, kLoadFactor * grown,
          "growth as a share, at least, against the growth of the work done"};
}

Gate cold_start_gate(const FloorTrendOptions& options, const FloorWindow& w, bool was_calm) {
  Gate gate{"cold_start", true, to_seconds(w.span), to_seconds(options.cold_start_span),
            "seconds of growth from the start, at least, unless calm before"};
  if (was_calm || options.cold_start_span == milliseconds(0)) return gate;
  const std::size_t half = w.points.size() / 2;
  const double first = theil_sen(std::span(w.points).first(half)).value;
  const double second = theil_sen(std::span(w.points).last(half)).value;
  const Slope slope = theil_sen(w.points);
  if (options.limit && slope.low > 0 &&
      (*options.limit - w.minima.back()) / slope.low < kLimitNearHours) {
    return gate;
  }
  gate.passed = w.span >= options.cold_start_span && second >= kColdStartPace * first;
  return gate;
}

std::optional<Gate> agreement_gate(const FloorWindow& w, double growth) {
  if (std::isnan(w.companions.front()) || std::isnan(w.companions.back())) return std::nullopt;
  const double other = median_of_last(w.companions, 3) - median_of_first(w.companions, 3);
  return Gate{"agreement", other >= kAgreementShare * growth, other, kAgreementShare * growth,
              "growth of the second series' floor, at least"};
}

Gate certainty_gate(const FloorWindow& w) {
  const double growth = w.growth();
  const double great = kGreatGrowth * std::fabs(w.base());
  if (growth >= great) {
    return {"certainty", true, growth, great, "growth that no slow drift reaches, at least"};
  }
  const SignedRank walk = signed_rank(w.minima);
  const auto rises = [&walk](double chance) {
    return walk.increments > 0 &&
           walk.negative_ranks <= signed_rank_critical(walk.increments, chance);
  };
  const auto is_line = [](const LineFit& fit, double jagged, double rise_of_noise) {
    return fit.jaggedness >= jagged && fit.rise >= rise_of_noise * fit.distance;
  };
  const LineFit line = fit_line(w.points);
  if (rises(kWalkChance) && is_line(line, kLineJagged, kLineRiseOfNoise)) {
    return {"certainty", true, rise_in_distances(line, line.rise), kLineRiseOfNoise,
            "rise of a line, in distances from it, at least"};
  }
  const LineFit night = fit_line(w.means);
  if (w.is_over_a_night() && is_line(night, kJagged, kCertainRiseOfNoise)) {
    return {"certainty", true, rise_in_distances(night, night.rise), kCertainRiseOfNoise,
            "rise of the line through a night, in distances from it, at least"};
  }
  return {
      "certainty", rises(kCertainWalkChance), walk.negative_ranks,
      static_cast<double>(signed_rank_critical(std::max(walk.increments, 1), kCertainWalkChance)),
      "ranks of the falling steps for an alert, at most"};
}

bool can_find_growth(const FloorTrendOptions& options) {
  const int steps = options.blocks.window - most_missing(options.blocks.window) - 1;
  return has_rare_order(options) && signed_rank_critical(steps, kWalkChance) >= 0;
}

}  // namespace soakwatch
