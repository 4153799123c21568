#include "detectors/floor_trend.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "detectors/floor_gates.h"
#include "detectors/sensitivity.h"

namespace soakwatch {

FloorTrend::FloorTrend(const FloorTrendOptions& options)
    : options_(options), minima_(options.blocks), order_limits_(options) {}

std::optional<FloorJudgement> FloorTrend::add(milliseconds monotonic, WallTime wall, double value,
                                              double companion, double load) {
  if (!first_) first_ = monotonic;
  if (monotonic - *first_ < options_.warm_up) return std::nullopt;
  const std::uint32_t closed = minima_.add(monotonic, wall, value, companion, load);
  if (closed == 0) return std::nullopt;

  std::optional<FloorJudgement> result;
  std::optional<Step> step;
  for (int level = 0; level < options_.blocks.levels; ++level) {
    if ((closed & (1U << level)) == 0) continue;
    const bool holds_here = held_ && held_->level() == level;
    if (held_ && !holds_here && !held_->is_suspicion()) continue;
    if (!holds_here) {
      const std::optional<WindowEnds> ends = ends_of_full_window(minima_, level);
      if (!ends) continue;
      if (auto judgement = judge_size(level, *ends)) {
        if (!held_ && !result) result = std::move(judgement);
        continue;
      }
    }
    const std::optional<FloorWindow> window = full_window(minima_, level);
    if (!window) continue;
    if (!held_ || held_->is_suspicion()) {
      FloorJudgement judgement = judge(level, *window);
      if (held_ && judgement.grows) {
        if (held_->confirm(judgement, *window)) result = std::move(judgement);
      } else if (judgement.grows) {
        held_.emplace(judgement, *window);
        return judgement;
      } else if (!held_) {
        if (judgement.step) step = judgement.step;
        if (!result || judgement.gates.size() > result->gates.size()) result = std::move(judgement);
      }
    }
    if (holds_here) {
      result = held_->judge(*window);
      if (!result->grows) held_.reset();
    }
  }
  if (result) result->step = step;
  return result;
}

// Most windows end here, before anything is made of them.
std::optional<FloorJudgement> FloorTrend::judge_size(int level, const WindowEnds& ends) {
  const double growth = ends.current - ends.base;
  const double needed = needed_growth(options_, ends.base, ends.span, options_.quantum);
  if (shows_calm(options_, ends, needed)) was_calm_ = true;
  if (growth >= needed) return std::nullopt;
  FloorJudgement j;
  j.level = level;
  j.base = ends.base;
  j.current = ends.current;
  j.since = ends.start;
  j.span = ends.span;
  j.gates.push_back(size_gate(growth, needed));
  return j;
}

double FloorTrend::needed_in(const FloorWindow& window) const {
  return needed_growth(options_, window.base(), window.span,
                       std::max(options_.quantum, window.step()));
}

FloorJudgement FloorTrend::judge(int level, const FloorWindow& w) {
  FloorJudgement j;
  j.level = level;
  j.base = w.base();
  j.current = w.current();
  j.since = w.start;
  j.span = w.span;
  const double growth = j.current - j.base;
  const double needed = needed_in(w);
  j.gates.push_back(size_gate(growth, needed));
  const bool is_small = growth < needed;
  if (!is_small) add_gates_after_size(level, w, needed, j);  // they cost more
  if (!j.grows && growth >= relevant_growth(options_, j.base)) {
    j.step = steps_.new_step(w, minima_.block_length(level));
  }
  return j;
}

void FloorTrend::add_gates_after_size(int level, const FloorWindow& w, double needed,
                                      FloorJudgement& j) const {
  const double growth = j.current - j.base;
  j.slope_per_hour = theil_sen(w.points);
  add_shape_gates(options_, w, order_limits_.of_floor(level, w.absent), j.gates);
  j.gates.push_back(high_water_gate(j.current, minima_.high_water(level).value_or(j.base), needed));
  if (w.loads.size() == w.points.size()) {
    j.gates.push_back(
        load_gate(w, j.base > 0 ? growth / j.base : growth, order_limits_.of_load(w.absent)));
  }
  j.gates.push_back(cold_start_gate(options_, w, was_calm_));
  if (auto agreement = agreement_gate(w, growth)) j.gates.push_back(std::move(*agreement));

  j.grows = all_passed(j.gates);
  if (!j.grows) return;
  j.gates.push_back(certainty_gate(w));
  j.grade = j.gates.back().passed ? Grade::kAlert : Grade::kSuspect;
}

FloorTrend::Smallest FloorTrend::smallest_growth(double confidence) const {
  Smallest smallest;
  for (int level = 0; level < options_.blocks.levels; ++level) {
    const std::optional<FloorWindow> window = full_window(minima_, level);
    if (!window) continue;
    smallest.span = std::max(smallest.span, window->span);
    if (const auto slope = smallest_slope(level, *window, confidence)) {
      smallest.slope_per_hour = std::min(smallest.slope_per_hour.value_or(*slope), *slope);
    }
  }
  return smallest;
}

std::optional<double> FloorTrend::smallest_slope(int level, const FloorWindow& window,
                                                 double confidence) const {
  // A pace that doubles the level within the window, or the size that matters many times over, is
  // found or nothing is.
  constexpr double kGreat = 100;
  std::vector<BlockOfWindow> blocks;
  for (std::size_t i = 0; i < window.points.size(); ++i) {
    blocks.push_back({window.points[i].x, window.points[i].y, window.means[i].y});
  }
  const auto found = [&](std::span<const double> minima, std::span<const double> means) {
    FloorWindow trial = window;
    for (std::size_t i = 0; i < minima.size(); ++i) {
      trial.minima[i] = trial.points[i].y = minima[i];
      trial.means[i].y = means[i];
    }
    if (trial.growth() < needed_in(trial)) return false;
    std::vector<Gate> gates;
    add_shape_gates(options_, trial, order_limits_.of_floor(level, trial.absent), gates);
    return all_passed(gates);
  };
  const double base = std::max(std::fabs(window.base()), options_.least_base);
  const double bound = kGreat * std::max(base, options_.min_growth) / hours_of(window.span);
  const double resolution = std::max(options_.quantum, window.step());
  return smallest_detected_slope(blocks, resolution, found, confidence, bound);
}

}  // namespace soakwatch
