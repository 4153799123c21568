#include "daemon/field_watch.h"

#include <utility>

#include "evidence/stuck_goroutines.h"

namespace soakwatch {
namespace {

constexpr milliseconds kPause{300000};
constexpr std::size_t kKeptSamples = 12;  // an hour

}  // namespace

void FieldWatch::sample(const Sample& sample) {
  if (!kept_.empty()) {
    // Metrics come at several beats: what a round lacks stands from an earlier one.
    MetricValues values = kept_.back().values;
    values.merge(sample.values);
    kept_.back().values = values;
  }
  if (sample.monotonic < next_) return;
  next_ = sample.monotonic + kPause;
  if (!kept_.empty()) judge({kept_, nullptr, std::nullopt, {}});
  if (kept_.size() >= kKeptSamples) kept_.erase(kept_.begin());
  kept_.push_back(sample);
}

void FieldWatch::fds(const FdList& list) { judge({{}, &list, std::nullopt, {}}); }

void FieldWatch::goroutines(const Breakdown& dump) {
  const auto stuck = stuck_goroutines(dump, {});
  if (stuck.empty()) return;
  double count = 0;
  for (const StuckGroup& group : stuck) count += group.group.count;
  judge({{}, nullptr, count, describe(stuck.front())});
}

double FieldWatch::goroutine_count() const {
  return kept_.empty() ? 0 : kept_.back().values.get(Metric::kGoroutines).value_or(0);
}

void FieldWatch::judge(const FieldFacts& facts) {
  for (RuleFinding& finding : watch_.news(facts)) {
    tell_(finding.name + ": " + std::move(finding.sentence));
  }
}

}  // namespace soakwatch
