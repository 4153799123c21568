#include "detectors/floor_trend.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "detectors/line_fit.h"
#include "detectors/rank_tests.h"
#include "detectors/sensitivity.h"

namespace soakwatch {
namespace {

// One window may miss an eighth of its blocks: three of 24.
constexpr int kMissingShare = 8;
// A window over a night is judged from three quarters of its blocks on.
constexpr milliseconds kNight = std::chrono::hours(9);
constexpr int kNightShare = 4;
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
// The agreement gate asks the second series for half of the growth of the first.
constexpr double kAgreementShare = 0.5;
// The size that matters is meant for alarms within an hour or two. A longer window may find less:
// the need shrinks with the square of its span, down to a share of the base.
constexpr milliseconds kEarlySpan = std::chrono::minutes(96);
constexpr double kLeastRatio = 0.04;
// Growth in proportion to the work is none; half as much again may be. The work counts as grown
// only where its own blocks are in rising order at 1 %, so that a restless load hides no leak.
constexpr double kLoadFactor = 1.5;
constexpr double kLoadChance = 0.01;
// A window that grew by less than this share of what matters shows that the process can be calm.
constexpr double kCalmShare = 0.15;
// The second half of a cold start must keep this share of the pace of the first.
constexpr double kColdStartPace = 0.8;
// Nobody waits two hours for a start to calm down when the limit is nearer than this.
constexpr double kLimitNearHours = 1;
// What stopped growing alarms anew when it has grown by half as much again.
constexpr double kGrowsAgain = 1.5;

// The chance of a false alarm that the order gate takes in one test of a level: the day's, shared
// out over the levels and the blocks that close.
double order_chance(const FloorTrendOptions& options, int level) {
  constexpr double kMinutesPerDay = 1440;
  const milliseconds block = options.blocks.block * (1LL << level);
  const double minutes = std::chrono::duration<double, std::ratio<60>>(block).count();
  return std::min(options.false_alarms_per_day * minutes / (kMinutesPerDay * options.blocks.levels),
                  0.05);
}

double hours_of(milliseconds time) {
  return std::chrono::duration<double, std::ratio<3600>>(time).count();
}

std::span<const double> head(const std::vector<double>& values, std::size_t n) {
  return std::span(values).first(std::min(n, values.size()));
}
std::span<const double> tail(const std::vector<double>& values, std::size_t n) {
  return std::span(values).last(std::min(n, values.size()));
}

// The smallest step of a series: its resolution, where that is coarser than its unit.
double step_of(const std::vector<double>& values) {
  double step = std::numeric_limits<double>::max();
  for (std::size_t i = 1; i < values.size(); ++i) {
    if (values[i] != values[i - 1]) step = std::min(step, std::fabs(values[i] - values[i - 1]));
  }
  return step == std::numeric_limits<double>::max() ? 0 : step;
}

// Blocks that a judged window may be short of: not yet there, and missing.
int most_absent(int window) { return window / kNightShare + window / kMissingShare; }

}  // namespace

bool can_find_growth(const FloorTrendOptions& options) {
  const int blocks = options.blocks.window - options.blocks.window / kMissingShare;
  return kendall_critical(blocks, order_chance(options, 0)) >= 0 &&
         signed_rank_critical(blocks - 1, kWalkChance) >= 0;
}

FloorTrend::FloorTrend(const FloorTrendOptions& options)
    : options_(options), minima_(options.blocks) {
  const int window = options.blocks.window;
  for (int level = 0; level < options.blocks.levels; ++level) {
    std::vector<int> by_missing;
    for (int missing = 0; missing <= most_absent(window); ++missing) {
      by_missing.push_back(kendall_critical(window - missing, order_chance(options, level)));
    }
    order_critical_.push_back(std::move(by_missing));
  }
  for (int missing = 0; missing <= most_absent(window); ++missing) {
    load_critical_.push_back(kendall_critical(window - missing, kLoadChance));
  }
}

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
    const bool holds_here = held_ && held_->level == level;
    if (held_ && !holds_here && held_->grade == Grade::kAlert) continue;
    if (!holds_here) {
      const std::optional<Ends> ends = ends_of(level);
      if (!ends) continue;
      if (auto judgement = judge_size(level, *ends)) {
        if (!held_ && !result) result = std::move(judgement);
        continue;
      }
    }
    const std::optional<Window> full = window(level);
    if (!full) continue;
    if (!held_ || held_->grade == Grade::kSuspect) {
      FloorJudgement judgement = judge(level, *full);
      if (held_ && judgement.grows) {
        if (confirm(judgement, *full)) result = std::move(judgement);
      } else if (judgement.grows) {
        hold(judgement, *full);
        return judgement;
      } else if (!held_) {
        if (judgement.step) step = judgement.step;
        if (!result || judgement.gates.size() > result->gates.size()) result = std::move(judgement);
      }
    }
    if (holds_here) result = judge_held(*full);
  }
  if (result) result->step = step;
  return result;
}

Gate FloorTrend::certainty_gate(const Window& w) const {
  const double base = median(head(w.minima, 3));
  const double growth = median(tail(w.minima, 3)) - base;
  if (growth >= kGreatGrowth * std::fabs(base)) {
    return {"certainty", true, growth, kGreatGrowth * std::fabs(base),
            "growth that no slow drift reaches, at least"};
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
    return {"certainty", true, line.distance > 0 ? line.rise / line.distance : line.rise,
            kLineRiseOfNoise, "rise of a line, in distances from it, at least"};
  }
  const LineFit night = fit_line(w.means);
  if (w.span >= kNight && is_line(night, kJagged, kCertainRiseOfNoise)) {
    return {"certainty", true, night.distance > 0 ? night.rise / night.distance : night.rise,
            kCertainRiseOfNoise,
            "rise of the line through a night, in distances from it, at least"};
  }
  return {
      "certainty", rises(kCertainWalkChance), walk.negative_ranks,
      static_cast<double>(signed_rank_critical(std::max(walk.increments, 1), kCertainWalkChance)),
      "ranks of the falling steps for an alert, at most"};
}

void FloorTrend::hold(const FloorJudgement& j, const Window& w) {
  held_ = Held{j.level, j.base, j.current - j.base, j.since, w.begin + w.span, j.grade, j.phase, 0,
               0,       j.gates};
}

// Two windows without a common block bear witness apart from each other.
bool FloorTrend::confirm(FloorJudgement& j, const Window& w) {
  if (j.grade == Grade::kSuspect && w.begin < held_->found) return false;
  if (j.grade == Grade::kSuspect) {
    j.gates.back() = {"certainty", true, hours_of(w.begin + w.span - held_->found), 0,
                      "hours in which all of it was found once more, above"};
  }
  held_->grade = j.grade = Grade::kAlert;
  held_->gates = j.gates;
  j.level = held_->level;
  j.base = held_->base;
  j.since = held_->since;
  return true;
}

bool FloorTrend::is_full(int level) const {
  const auto& blocks = minima_.blocks(level);
  const auto size = static_cast<std::size_t>(options_.blocks.window);
  const milliseconds span = minima_.block_length(level) * static_cast<std::int64_t>(blocks.size());
  const std::size_t least = span >= kNight ? size - size / kNightShare : size;
  if (blocks.size() < least) return false;
  const auto present = static_cast<std::size_t>(std::count_if(
      blocks.begin(), blocks.end(), [](const Block& block) { return block.present; }));
  return present + size / kMissingShare >= blocks.size();
}

std::optional<FloorTrend::Ends> FloorTrend::ends_of(int level) const {
  if (!is_full(level)) return std::nullopt;
  const auto& blocks = minima_.blocks(level);
  const auto middle_of_three = [](auto block) {
    std::array<double, 3> three{};
    for (double& minimum : three) {
      while (!block->present) ++block;
      minimum = (block++)->minimum;
    }
    return median(three);
  };
  return Ends{middle_of_three(blocks.begin()), middle_of_three(blocks.rbegin()),
              blocks.front().start,
              minima_.block_length(level) * static_cast<std::int64_t>(blocks.size())};
}

// Most windows end here, before anything is made of them.
std::optional<FloorJudgement> FloorTrend::judge_size(int level, const Ends& ends) {
  const double growth = ends.current - ends.base;
  const double needed = need(ends.base, ends.span, options_.quantum);
  if (ends.span >= options_.cold_start_span / 4 && growth < kCalmShare * needed) was_calm_ = true;
  if (growth >= needed) return std::nullopt;
  FloorJudgement j;
  j.level = level;
  j.base = ends.base;
  j.current = ends.current;
  j.since = ends.start;
  j.span = ends.span;
  j.gates.push_back({"size", false, growth, needed, "growth of the floor, at least"});
  return j;
}

std::optional<FloorTrend::Window> FloorTrend::window(int level) const {
  if (!is_full(level)) return std::nullopt;
  const auto& blocks = minima_.blocks(level);
  const milliseconds length = minima_.block_length(level);
  const milliseconds span = length * static_cast<std::int64_t>(blocks.size());
  Window window;
  window.start = blocks.front().start;
  window.begin = length * blocks.front().index;
  window.span = span;
  const std::int64_t first = blocks.front().index;
  for (const Block& block : blocks) {
    if (!block.present) continue;
    const double hours = hours_of(length * (block.index - first));
    window.minima.push_back(block.minimum);
    window.points.push_back({hours, block.minimum});
    window.companions.push_back(block.companion);
    window.means.push_back({hours, block.mean});
    if (!std::isnan(block.load)) window.loads.push_back({hours, block.load});
  }
  return window;
}

double FloorTrend::matters(double base) const {
  const double level = std::max(std::fabs(base), options_.least_base);
  return std::max(options_.min_growth, options_.min_growth_ratio * level);
}

double FloorTrend::need(double base, milliseconds span, double resolution) const {
  const double level = std::max(std::fabs(base), options_.least_base);
  const double early = matters(base);
  const double share = std::min(
      1.0, std::chrono::duration<double>(kEarlySpan) / std::chrono::duration<double>(span));
  const double late = std::max(early * share * share, kLeastRatio * level);
  return std::max(std::min(early, late), 3 * resolution);
}

FloorJudgement FloorTrend::judge(int level, const Window& w) {
  FloorJudgement j;
  j.level = level;
  j.base = median(head(w.minima, 3));
  j.current = median(tail(w.minima, 3));
  j.since = w.start;
  j.span = w.span;
  const double growth = j.current - j.base;
  const double needed = need(j.base, w.span, std::max(options_.quantum, step_of(w.minima)));
  const auto gate = [&j](std::string name, bool passed, double measured, double threshold,
                         std::string meaning) {
    j.gates.push_back({std::move(name), passed, measured, threshold, std::move(meaning)});
  };

  gate("size", growth >= needed, growth, needed, "growth of the floor, at least");
  if (growth < needed) {  // the usual case; the other gates cost more
    if (growth >= matters(j.base)) j.step = new_step(level, w);
    return j;
  }

  j.slope_per_hour = theil_sen(w.points);
  add_shape_gates(level, w, j.gates);

  const double high_water = minima_.high_water(level).value_or(j.base) + 0.5 * needed;
  gate("high_water", j.current >= high_water, j.current, high_water,
       "floor now, at least above all before by half of what matters");

  if (w.loads.size() == w.points.size()) {
    j.gates.push_back(load_gate(w, j.base > 0 ? growth / j.base : growth));
  }
  j.gates.push_back(cold_start_gate(w));

  if (!std::isnan(w.companions.front()) && !std::isnan(w.companions.back())) {
    const double other = median(tail(w.companions, 3)) - median(head(w.companions, 3));
    gate("agreement", other >= kAgreementShare * growth, other, kAgreementShare * growth,
         "growth of the second series' floor, at least");
  }

  j.grows = std::all_of(j.gates.begin(), j.gates.end(), [](const Gate& g) { return g.passed; });
  if (j.grows) {
    j.gates.push_back(certainty_gate(w));
    j.grade = j.gates.back().passed ? Grade::kAlert : Grade::kSuspect;
  } else if (growth >= matters(j.base)) {
    j.step = new_step(level, w);
  }
  return j;
}

void FloorTrend::add_shape_gates(int level, const Window& w, std::vector<Gate>& gates) const {
  const std::size_t n = w.minima.size();
  int discordant = discordant_pairs(w.minima);
  if (w.span >= kNight) {
    std::vector<double> means;
    for (const Point& point : w.means) means.push_back(point.y);
    discordant = std::min(discordant, discordant_pairs(means));
  }
  const int allowed = order_critical_[static_cast<std::size_t>(level)]
                                     [static_cast<std::size_t>(options_.blocks.window) - n];
  gates.push_back({"order", discordant <= allowed, static_cast<double>(discordant),
                   static_cast<double>(allowed), "pairs of blocks that do not rise, at most"});

  gates.push_back(walk_gate(w));

  const std::size_t late = n * 3 / 8;
  const std::vector<Point>& course = w.span >= kNight ? w.means : w.points;
  const double pace_all = theil_sen(course).value;
  const double pace_early = theil_sen(std::span(course).first(n - late)).value;
  const double pace_late = theil_sen(std::span(course).last(late)).value;
  const double pace_needed = options_.levelling_off_ratio * std::max(pace_all, pace_early);
  gates.push_back({"levelling_off", pace_late >= pace_needed, pace_late, pace_needed,
                   "growth per hour in the last part, at least"});
}

FloorTrend::Smallest FloorTrend::smallest_growth(double confidence) const {
  // A pace that doubles the level within the window, or the size that matters many times over, is
  // found or nothing is.
  constexpr double kGreat = 100;
  Smallest smallest;
  for (int level = 0; level < options_.blocks.levels; ++level) {
    const std::optional<Window> full = window(level);
    if (!full) continue;
    smallest.span = std::max(smallest.span, full->span);
    std::vector<BlockOfWindow> blocks;
    for (std::size_t i = 0; i < full->points.size(); ++i) {
      blocks.push_back({full->points[i].x, full->points[i].y, full->means[i].y});
    }
    const auto found = [&](std::span<const double> minima, std::span<const double> means) {
      Window trial = *full;
      for (std::size_t i = 0; i < minima.size(); ++i) {
        trial.minima[i] = trial.points[i].y = minima[i];
        trial.means[i].y = means[i];
      }
      const double base = median(head(trial.minima, 3));
      const double growth = median(tail(trial.minima, 3)) - base;
      const double trial_step = std::max(options_.quantum, step_of(trial.minima));
      if (growth < need(base, trial.span, trial_step)) return false;
      std::vector<Gate> gates;
      add_shape_gates(level, trial, gates);
      return std::all_of(gates.begin(), gates.end(), [](const Gate& g) { return g.passed; });
    };
    const double base = std::max(std::fabs(median(head(full->minima, 3))), options_.least_base);
    const double bound = kGreat * std::max(base, options_.min_growth) / hours_of(full->span);
    const double resolution = std::max(options_.quantum, step_of(full->minima));
    const auto slope = smallest_detected_slope(blocks, resolution, found, confidence, bound);
    if (slope) {
      smallest.slope_per_hour = std::min(smallest.slope_per_hour.value_or(*slope), *slope);
    }
  }
  return smallest;
}

// The greatest rise between two blocks is nearly all of the growth, and neither side moves much.
std::optional<Step> FloorTrend::new_step(int level, const Window& w) {
  constexpr std::size_t kSide = 6;        // blocks on either side, at least
  constexpr double kShareOfGrowth = 0.8;  // of the rise in the growth of the window
  constexpr double kCalm = 0.1;           // of the rise: how far the middle half of a side reaches
  const std::size_t n = w.minima.size();
  if (n < 2 * kSide) return std::nullopt;
  std::size_t at = kSide;
  for (std::size_t i = kSide; i + kSide <= n; ++i) {
    if (w.minima[i] - w.minima[i - 1] > w.minima[at] - w.minima[at - 1]) at = i;
  }
  const auto middle_half = [](std::span<const double> side) {
    std::vector<double> sorted(side.begin(), side.end());
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() * 3 / 4] - sorted[sorted.size() / 4];
  };
  const std::span<const double> all(w.minima);
  const double before = median(all.first(at));
  const double after = median(all.subspan(at));
  const double rise = after - before;
  const double growth = median(tail(w.minima, 3)) - median(head(w.minima, 3));
  if (w.minima[at] - w.minima[at - 1] < kShareOfGrowth * growth ||
      middle_half(all.first(at)) > kCalm * rise || middle_half(all.subspan(at)) > kCalm * rise) {
    return std::nullopt;
  }
  const auto hours = std::chrono::duration<double, std::ratio<3600>>(w.points[at].x);
  const auto offset = std::chrono::duration_cast<milliseconds>(hours);
  // The same step comes by at each longer level, up to a block later.
  const milliseconds begin = w.begin + offset;
  const milliseconds length = minima_.block_length(level);
  if (begin - length <= told_step_) return std::nullopt;
  told_step_ = begin + length;
  return Step{w.start + offset, before, after};
}

Gate FloorTrend::walk_gate(const Window& w) const {
  const SignedRank walk = signed_rank(w.minima);
  const int allowed = walk.increments > 0 ? signed_rank_critical(walk.increments, kWalkChance) : -1;
  if (walk.negative_ranks <= allowed || w.span < kNight) {
    return {"walk", walk.negative_ranks <= allowed, walk.negative_ranks,
            static_cast<double>(allowed), "ranks of the falling steps, at most"};
  }
  const LineFit fit = fit_line(w.means);
  return {"walk", fit.jaggedness >= kJagged && fit.rise >= kRiseOfNoise * fit.distance,
          fit.distance > 0 ? fit.rise / fit.distance : 0, kRiseOfNoise,
          "rise of the line through a night, in distances from it, at least"};
}

Gate FloorTrend::load_gate(const Window& w, double relative_growth) const {
  std::vector<double> loads;
  for (const Point& point : w.loads) loads.push_back(point.y);
  const std::size_t missing = static_cast<std::size_t>(options_.blocks.window) - loads.size();
  double grown = 0;
  if (discordant_pairs(loads) <= load_critical_[missing]) {
    const double before = median(head(loads, 3));
    const double risen = median(tail(loads, 3)) - before;
    grown = before > 0 ? risen / before : 0;
  }
  return {"load", relative_growth >= kLoadFactor * grown, relative_growth, kLoadFactor * grown,
          "growth as a share, at least, against the growth of the work done"};
}

Gate FloorTrend::cold_start_gate(const Window& w) const {
  const auto seconds_of = [](milliseconds ms) { return std::chrono::duration<double>(ms).count(); };
  Gate gate{"cold_start", true, seconds_of(w.span), seconds_of(options_.cold_start_span),
            "seconds of growth from the start, at least, unless calm before"};
  if (was_calm_ || options_.cold_start_span == milliseconds(0)) return gate;
  const std::size_t half = w.points.size() / 2;
  const double first = theil_sen(std::span(w.points).first(half)).value;
  const double second = theil_sen(std::span(w.points).last(half)).value;
  const Slope slope = theil_sen(w.points);
  if (options_.limit && slope.low > 0 &&
      (*options_.limit - w.minima.back()) / slope.low < kLimitNearHours) {
    return gate;
  }
  gate.passed = w.span >= options_.cold_start_span && second >= kColdStartPace * first;
  return gate;
}

FloorJudgement FloorTrend::judge_held(const Window& w) {
  FloorJudgement j;
  j.level = held_->level;
  j.base = held_->base;
  j.current = median(tail(w.minima, 3));
  j.since = held_->since;
  j.slope_per_hour = theil_sen(w.points);
  j.span = w.span;
  const double growth = j.current - held_->base;
  held_->peak_growth = std::max(held_->peak_growth, growth);
  const double released = held_->base + 0.5 * held_->peak_growth;
  held_->blocks_below = w.minima.back() < released ? held_->blocks_below + 1 : 0;
  j.gates.push_back({"not_released", held_->blocks_below < 2, w.minima.back(), released,
                     "floor now, at least, for two blocks"});
  // Over a night the means may have found what noise hides from the minima.
  const bool rises = j.slope_per_hour.low > 0 || (w.span >= kNight && theil_sen(w.means).low > 0);
  j.gates.push_back(
      {"still_grows", rises, j.slope_per_hour.low, 0, "lower bound of the growth per hour, above"});
  if (held_->phase == Phase::kGrowing && !rises) {
    held_->phase = Phase::kPlateau;
    held_->plateau_growth = held_->peak_growth;
  } else if (rises && growth >= kGrowsAgain * held_->plateau_growth) {
    held_->phase = Phase::kGrowing;
  }
  j.grade = held_->grade;
  j.phase = held_->phase;
  // A suspicion that stopped growing is over; an alert is not until memory has come back.
  j.grows = j.gates[0].passed && (rises || j.grade == Grade::kAlert);
  if (!j.grows) {
    held_.reset();
  } else {
    j.gates = held_->gates;
  }
  return j;
}

}  // namespace soakwatch
