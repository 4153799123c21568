#include "cli/soak/movement.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/printable.h"

namespace soakwatch {
namespace {

// What a person would ask after. The live heap shows in the collector's goal, free of the sawtooth.
constexpr Metric kShown[] = {Metric::kGoroutines,   Metric::kNextGcBytes, Metric::kOpenFds,
                             Metric::kRssAnonBytes, Metric::kThreads,     Metric::kSwapBytes};
constexpr double kLeastShare = 0.02;
constexpr double kLeastCount = 2;
constexpr double kLeastBytes = 1024.0 * 1024;

}  // namespace

void Movement::add(const MetricValues& values) {
  for (const Metric metric : kShown) {
    const auto value = values.get(metric);
    if (!value) continue;
    Course& course = courses_[index_of(metric)];
    if (course.readings < kReadings) {
      course.before = course.readings == 0 ? *value : std::min(course.before, *value);
    }
    ++course.readings;
    course.latest.push_back(*value);
    if (course.latest.size() > kReadings) course.latest.pop_front();
  }
}

std::vector<Moving> Movement::growing() const {
  std::vector<Moving> all;
  for (const Metric metric : kShown) {
    const Course& course = courses_[index_of(metric)];
    if (course.readings <= kReadings) continue;
    const Moving moving{metric, course.before,
                        *std::min_element(course.latest.begin(), course.latest.end())};
    const double least = describe(metric).unit == Unit::kBytes ? kLeastBytes : kLeastCount;
    if (moving.now - moving.before >= least && moving.share() >= kLeastShare) all.push_back(moving);
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Moving& a, const Moving& b) { return a.share() > b.share(); });
  return all;
}

std::string moving_text(const Moving& moving) {
  return fmt::format("{} +{:.0f} % ({} to {})", describe(moving.metric).name, 100 * moving.share(),
                     format_value(moving.metric, moving.before),
                     format_value(moving.metric, moving.now));
}

}  // namespace soakwatch
