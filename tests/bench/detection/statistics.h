// Figures over many outcomes, with intervals by the bootstrap over series (Efron 1979): a series is
// drawn as a whole, because its alarms depend on each other.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/bench/detection/evaluation.h"

namespace soakwatch::bench {

struct Estimate {
  double value = 0;
  double low = 0;  // 95 % interval
  double high = 0;
};

using Outcomes = std::vector<Outcome>;
using Statistic = double (*)(const Outcomes&);

double false_per_1000_days(const Outcomes& outcomes);
double runs_with_false_alarm(const Outcomes& outcomes);  // share
double recall(const Outcomes& outcomes);                 // of those that leak
double median_delay_minutes(const Outcomes& outcomes);   // of those found; NaN: none

// 0 resamples: no interval.
Estimate estimate(const Outcomes& outcomes, Statistic statistic, int resamples);

// Of 100 runs five leak: the share of leaks among the runs with an alarm. Every family without a
// leak weighs the same.
Estimate precision(const Outcomes& leaks, const std::vector<Outcomes>& clean, int resamples);

}  // namespace soakwatch::bench
