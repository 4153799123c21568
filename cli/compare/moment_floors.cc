#include "cli/compare/moment_floors.h"

#include <algorithm>

#include "storage/row_values.h"

namespace soakwatch {
namespace {

constexpr int kWidenings = 4;  // times as far back each time that nothing is found
constexpr milliseconds kFarthest = std::chrono::hours(24 * 3660);

constexpr milliseconds kFirstLook = std::chrono::minutes(10);

}  // namespace

Result<std::optional<Anchor>> anchor_at(SampleReader& reader, const std::string& target,
                                        WallTime time) {
  std::optional<Anchor> anchor;
  SampleQuery query{target, {}, {}, time + milliseconds(1)};
  for (milliseconds back = kFirstLook; !anchor && back < kFarthest; back *= kWidenings) {
    query.since = time - back;
    const auto count = reader.count(query);
    if (!count) return count.error();
    if (*count == 0) continue;
    const auto read = reader.for_each(query, [&](const SampleRow& row) {
      anchor = Anchor{row.instance->id, begin_of(row), false};
      return true;
    });
    if (!read) return read.error();
  }
  if (anchor) return anchor;
  const auto read = reader.for_each({target, {}, time, {}}, [&](const SampleRow& row) {
    anchor = Anchor{row.instance->id, begin_of(row), true};
    return false;
  });
  if (!read) return read.error();
  return anchor;
}

Result<std::optional<MomentFloors>> floors_at(SampleReader& reader, const std::string& target,
                                              const Anchor& anchor, milliseconds span) {
  constexpr milliseconds kExclusive(1);  // the end of a query
  SampleQuery query{target, anchor.instance, anchor.time, anchor.time + span + kExclusive};
  if (!anchor.later) {
    query.since = anchor.time - span;
    query.until = anchor.time + kExclusive;
  }
  std::optional<MomentFloors> floors;
  const auto read = reader.for_each(query, [&](const SampleRow& row) {
    if (!floors) floors = MomentFloors{*row.instance, begin_of(row), {}, 0, {}};
    floors->to = row.sample.time;
    floors->samples += samples_of(row);
    const MetricValues lowest = lowest_values(row);
    for (const MetricDescriptor& metric : all_metrics()) {
      const auto value = lowest.get(metric.id);
      if (!value || metric.type != MetricType::kGauge) continue;
      const auto known = floors->minima.get(metric.id);
      floors->minima.set(metric.id, known ? std::min(*known, *value) : *value);
    }
    return true;
  });
  if (!read) return read.error();
  return floors;
}

}  // namespace soakwatch
