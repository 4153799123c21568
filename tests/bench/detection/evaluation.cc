#include "tests/bench/detection/evaluation.h"

namespace soakwatch::bench {
namespace {

constexpr double kLeastTaken = 0.2;

}  // namespace

Outcome play(const Series& series, const JudgeKind& kind) {
  Outcome outcome;
  outcome.leaks = series.truth.onset.has_value();
  outcome.counts = outcome.leaks && series.truth.taken_ratio >= kLeastTaken;
  outcome.days = minutes(series.truth.onset.value_or(series.duration)) / 1440;
  std::unique_ptr<Judge> judge;
  InstanceId instance = 0;
  bool firing = false;
  milliseconds last_on{0};
  for (const Sample& sample : series.samples) {
    if (!judge || sample.instance != instance) {
      judge = kind.make(series);
      instance = sample.instance;
      firing = false;
    }
    if (judge->observe(sample)) {
      last_on = sample.monotonic;
      if (firing) continue;
      firing = true;
      if (!series.truth.onset || sample.monotonic < *series.truth.onset) {
        ++outcome.false_alarms;
      } else if (!outcome.delay_minutes) {
        outcome.delay_minutes = minutes(sample.monotonic - *series.truth.onset);
      }
    } else if (firing && sample.monotonic - last_on >= kKeepFiring) {
      firing = false;
    }
  }
  return outcome;
}

}  // namespace soakwatch::bench
