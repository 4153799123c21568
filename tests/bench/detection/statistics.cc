#include "tests/bench/detection/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "detectors/theil_sen.h"
#include "tests/bench/detection/random.h"

namespace soakwatch::bench {
namespace {

constexpr std::uint64_t kSeed = 20231;
constexpr double kPrevalence = 0.05;

Outcomes resample(const Outcomes& outcomes, Random& random) {
  Outcomes drawn;
  drawn.reserve(outcomes.size());
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    drawn.push_back(outcomes[static_cast<std::size_t>(random.next() % outcomes.size())]);
  }
  return drawn;
}

Estimate interval(double value, std::vector<double> drawn) {
  drawn.erase(std::remove_if(drawn.begin(), drawn.end(), [](double x) { return std::isnan(x); }),
              drawn.end());
  if (drawn.empty()) return {value, value, value};
  std::sort(drawn.begin(), drawn.end());
  const auto at = [&drawn](double share) {
    return drawn[static_cast<std::size_t>(share * static_cast<double>(drawn.size() - 1))];
  };
  return {value, at(0.025), at(0.975)};
}

double precision_of(const Outcomes& leaks, const std::vector<Outcomes>& clean) {
  const double found = kPrevalence * recall(leaks);
  double wrong = 0;
  for (const Outcomes& family : clean) wrong += runs_with_false_alarm(family);
  wrong *= (1 - kPrevalence) / static_cast<double>(std::max<std::size_t>(1, clean.size()));
  return found + wrong > 0 ? found / (found + wrong) : std::nan("");
}

}  // namespace

double false_per_1000_days(const Outcomes& outcomes) {
  double days = 0;
  double alarms = 0;
  for (const Outcome& o : outcomes) {
    days += o.days;
    alarms += o.false_alarms;
  }
  return days > 0 ? 1000 * alarms / days : 0;
}

double runs_with_false_alarm(const Outcomes& outcomes) {
  const auto n = std::count_if(outcomes.begin(), outcomes.end(),
                               [](const Outcome& o) { return o.false_alarms > 0; });
  return outcomes.empty() ? 0 : static_cast<double>(n) / static_cast<double>(outcomes.size());
}

double recall(const Outcomes& outcomes) {
  double leaks = 0;
  double found = 0;
  for (const Outcome& o : outcomes) {
    leaks += o.leaks ? 1 : 0;
    found += o.delay_minutes ? 1 : 0;
  }
  return leaks > 0 ? found / leaks : std::nan("");
}

double median_delay_minutes(const Outcomes& outcomes) {
  std::vector<double> delays;
  for (const Outcome& o : outcomes) {
    if (o.delay_minutes) delays.push_back(*o.delay_minutes);
  }
  return delays.empty() ? std::nan("") : median(delays);
}

Estimate estimate(const Outcomes& outcomes, Statistic statistic, int resamples) {
  Random random(kSeed);
  std::vector<double> drawn;
  for (int i = 0; i < resamples; ++i) drawn.push_back(statistic(resample(outcomes, random)));
  return interval(statistic(outcomes), std::move(drawn));
}

Estimate precision(const Outcomes& leaks, const std::vector<Outcomes>& clean, int resamples) {
  Random random(kSeed);
  std::vector<double> drawn;
  for (int i = 0; i < resamples; ++i) {
    std::vector<Outcomes> families;
    for (const Outcomes& family : clean) families.push_back(resample(family, random));
    drawn.push_back(precision_of(resample(leaks, random), families));
  }
  return interval(precision_of(leaks, clean), std::move(drawn));
}

}  // namespace soakwatch::bench
