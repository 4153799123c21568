#include "storage/tier.h"

#include <algorithm>

namespace soakwatch {

std::string_view table_of(Tier tier) {
  if (tier == Tier::kRaw) return "samples";
  return tier == Tier::kMinutes ? "minutes" : "hours";
}

bool keeps_extremes(Metric metric) { return describe(metric).type == MetricType::kGauge; }

void TierBucket::add(const Sample& sample) {
  TierBucket one;
  one.samples = 1;
  one.last = sample;
  for (const MetricDescriptor& metric : all_metrics()) {
    const auto value = sample.values.get(metric.id);
    if (!value || !keeps_extremes(metric.id)) continue;
    one.lowest.set(metric.id, *value);
    one.highest.set(metric.id, *value);
    one.average.set(metric.id, *value);
    one.weights[index_of(metric.id)] = 1;
  }
  add(one);
}

void TierBucket::add(const TierBucket& other) {
  const bool later = samples == 0 || other.last.monotonic >= last.monotonic;
  Sample newest = later ? last : other.last;
  newest.values.merge(later ? other.last.values : last.values);
  newest.instance = other.last.instance;
  newest.time = later ? other.last.time : last.time;
  newest.monotonic = later ? other.last.monotonic : last.monotonic;
  last = newest;
  samples += other.samples;
  for (const MetricDescriptor& metric : all_metrics()) {
    const Metric id = metric.id;
    const std::size_t i = index_of(id);
    const auto low = other.lowest.get(id);
    if (!low) continue;
    const double high = other.highest.get(id).value_or(*low);
    const double mean = other.average.get(id).value_or(*low);
    const double weight = weights[i] + other.weights[i];
    lowest.set(id, std::min(lowest.get(id).value_or(*low), *low));
    highest.set(id, std::max(highest.get(id).value_or(high), high));
    // As a step from the old average, which keeps a constant series exactly constant.
    const double before = average.get(id).value_or(mean);
    average.set(id, before + (mean - before) * (other.weights[i] / weight));
    weights[i] = weight;
  }
}

}  // namespace soakwatch
