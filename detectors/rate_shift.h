// RateShift: has the rate of a process moved to a new level, at least twice the old one?
//
// It takes one mean rate per minute. The base is the hour before the latest six minutes, and stands
// still while the evidence against it mounts, for half an hour at most. A shift must pass every
// gate:
// - level: the rate is worth a look at all
// - doubled: five of the latest six minutes lie at twice the median of the base
// - new: and above nearly all that the base holds, so that what comes and goes is no news
// - evidence: the minutes at twice the level outweigh the noise of the base (CUSUM)
// - steady: the latest minutes are about alike; a person at work, or a batch job, is ragged
// - load: the work that is asked for has not risen as well, as far as that is known
// A shift that was found holds until the rate has come back, or until it has lasted an hour and is
// the new level.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "detectors/minute_window.h"
#include "model/finding.h"

namespace soakwatch {

struct RateShiftOptions {
  double least_rate = 0.01;     // below it nothing is a shift; unit of the rate
  double ratio = 2;             // of the new level to the old
  double release_ratio = 1.5;   // five minutes below it, and the shift is over
  int settled_minutes = 60;     // after so long the new level is the level
  int least_base_minutes = 30;  // before that nothing is judged; at most 60
};

struct ShiftJudgement {
  bool shifted = false;
  double base = 0;     // median rate of the hour before
  double current = 0;  // median rate of the latest six minutes
  std::int64_t since_minute = 0;
  std::int64_t minutes = 0;  // from the start of the base to now
  std::vector<Gate> gates;
};

// Not thread-safe. Deterministic; under a kilobyte. Costs a sort of sixty values a minute.
class RateShift {
 public:
  static constexpr int kRecentMinutes = 6;
  static constexpr int kBaseMinutes = 60;

  explicit RateShift(const RateShiftOptions& options);

  // Minutes in order, with the mean rate in each; after a hole the base is gathered anew.
  // `load_ratio`: the factor by which the work asked for rose from the base to the latest minutes;
  // NaN where it is not known. Nothing is returned until the base is long enough.
  std::optional<ShiftJudgement> add(std::int64_t minute, double rate, double load_ratio);

  // A shift was found and is not over.
  [[nodiscard]] bool holds() const { return held_.has_value(); }

 private:
  struct Base {
    double median = 0;
    double high = 0;         // nine minutes in ten lie below it
    double noise = 0;        // standard deviation of log2 of the rate, from minute to minute
    double level_noise = 0;  // the same, as the wandering of the level itself demands it
  };
  struct Held {
    double base = 0;
    std::int64_t since_minute = 0;
    std::int64_t found_minute = 0;
  };

  [[nodiscard]] bool is_calm() const;
  [[nodiscard]] Base measure_base() const;
  // One more minute of evidence, in the logarithm of odds.
  void weigh(double rate);
  ShiftJudgement judge(double load_ratio);
  ShiftJudgement judge_held();

  RateShiftOptions options_;
  MinuteWindow window_;
  std::optional<std::int64_t> minute_;  // the latest
  Base base_;
  double evidence_ = 0;
  std::int64_t evidence_since_ = 0;
  std::optional<Held> held_;
};

}  // namespace soakwatch
