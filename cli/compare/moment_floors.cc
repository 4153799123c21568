#include "cli/compare/moment_floors.h"

#include <algorithm>

namespace soakwatch {
namespace {

constexpr int kWidenings = 4;  // times as far back each time that nothing is found
constexpr milliseconds kFarthest = std::chrono::hours(24 * 3660);

// Of the samples that `query` has, all of one instance.
Result<std::optional<MomentFloors>> floors_of(SampleReader& reader, const SampleQuery& query) {
  std::optional<MomentFloors> floors;
  const auto read = reader.for_each(query, [&](const SampleRow& row) {
    if (!floors) floors = MomentFloors{*row.instance, row.sample.time, {}, 0, {}};
    floors->to = row.sample.time;
    ++floors->samples;
    for (const MetricDescriptor& metric : all_metrics()) {
      const auto value = row.sample.values.get(metric.id);
      if (!value || metric.type != MetricType::kGauge) continue;
      const auto known = floors->minima.get(metric.id);
      floors->minima.set(metric.id, known ? std::min(*known, *value) : *value);
    }
    return true;
  });
  if (!read) return read.error();
  return floors;
}

struct Seen {
  InstanceId instance = 0;
  WallTime time;
};

Result<std::optional<Seen>> newest_until(SampleReader& reader, const std::string& target,
                                         WallTime time, milliseconds span) {
  SampleQuery query{target, {}, {}, time + milliseconds(1)};
  for (milliseconds back = span; back < kFarthest; back *= kWidenings) {
    query.since = time - back;
    const auto count = reader.count(query);
    if (!count) return count.error();
    if (*count == 0) continue;
    std::optional<Seen> seen;
    const auto read = reader.for_each(query, [&](const SampleRow& row) {
      seen = Seen{row.instance->id, row.sample.time};
      return true;
    });
    if (!read) return read.error();
    return seen;
  }
  return std::optional<Seen>();
}

}  // namespace

Result<std::optional<MomentFloors>> floors_after(SampleReader& reader, SampleQuery query,
                                                 WallTime time, milliseconds span) {
  query.since = time;
  std::optional<Seen> first;
  const auto read = reader.for_each(query, [&](const SampleRow& row) {
    first = Seen{row.instance->id, row.sample.time};
    return false;
  });
  if (!read) return read.error();
  if (!first) return std::optional<MomentFloors>();
  query.instance = first->instance;
  query.until = first->time + span + milliseconds(1);
  return floors_of(reader, query);
}

Result<std::optional<MomentFloors>> floors_at(SampleReader& reader, const std::string& target,
                                              WallTime time, milliseconds span) {
  const auto newest = newest_until(reader, target, time, span);
  if (!newest) return newest.error();
  if (!*newest) return floors_after(reader, {target, {}, {}, {}}, time, span);
  const Seen& seen = **newest;
  return floors_of(reader, {target, seen.instance, seen.time - span, seen.time + milliseconds(1)});
}

}  // namespace soakwatch
