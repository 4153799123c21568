#include "storage/tier_row.h"

#include <fmt/format.h>

#include <iterator>
#include <string_view>

namespace soakwatch {
namespace {

constexpr std::string_view kOwnColumns[] = {"instance_id", "time_ms", "last_ms", "monotonic_ms",
                                            "samples"};

void take(MetricValues& values, Metric metric, std::optional<double> value) {
  if (value) values.set(metric, *value);
}

}  // namespace

std::string tier_column_definitions() {
  std::string sql;
  for (const MetricDescriptor& metric : all_metrics()) {
    const std::string_view type = is_integral(metric.id) ? "INTEGER" : "REAL";
    sql += fmt::format("  , {} {}\n", metric.name, type);
    if (!keeps_extremes(metric.id)) continue;
    sql += fmt::format("  , {0}_min {1}, {0}_max {1}, {0}_avg REAL\n", metric.name, type);
  }
  return sql;
}

std::string tier_columns() {
  std::string text;
  for (const std::string_view name : kOwnColumns) text += fmt::format("{}, ", name);
  return text + tier_figure_columns("");
}

std::string tier_figure_columns(std::string_view before) {
  std::string text;
  for (const MetricDescriptor& metric : all_metrics()) {
    text += fmt::format("{}{}{}", text.empty() ? "" : ", ", before, metric.name);
    if (!keeps_extremes(metric.id)) continue;
    text += fmt::format(", {0}{1}_min, {0}{1}_max, {0}{1}_avg", before, metric.name);
  }
  return text;
}

int tier_column_count() {
  int count = static_cast<int>(std::size(kOwnColumns));
  for (const MetricDescriptor& metric : all_metrics()) count += keeps_extremes(metric.id) ? 4 : 1;
  return count;
}

void bind_bucket(ParameterCursor& parameters, const TierBucket& bucket) {
  parameters.integer(bucket.last.instance);
  parameters.time(bucket.begin);
  parameters.time(bucket.last.time);
  parameters.integer(bucket.last.monotonic.count());
  parameters.integer(bucket.samples);
  for (const MetricDescriptor& metric : all_metrics()) {
    const Metric id = metric.id;
    bind_value(parameters, id, bucket.last.values.get(id));
    if (!keeps_extremes(id)) continue;
    bind_value(parameters, id, bucket.lowest.get(id));
    bind_value(parameters, id, bucket.highest.get(id));
    const auto average = bucket.average.get(id);
    average ? parameters.real(*average) : parameters.null();
  }
}

TierBucket read_bucket(Tier tier, ColumnCursor& columns) {
  TierBucket bucket;
  bucket.tier = tier;
  bucket.last.instance = columns.integer();
  bucket.begin = columns.time();
  bucket.last.time = columns.time();
  bucket.last.monotonic = milliseconds(columns.integer());
  bucket.samples = columns.integer();
  for (const MetricDescriptor& metric : all_metrics()) {
    const Metric id = metric.id;
    take(bucket.last.values, id, columns.optional_real());
    if (!keeps_extremes(id)) continue;
    take(bucket.lowest, id, columns.optional_real());
    take(bucket.highest, id, columns.optional_real());
    take(bucket.average, id, columns.optional_real());
    if (bucket.lowest.has(id)) bucket.weights[index_of(id)] = static_cast<double>(bucket.samples);
  }
  return bucket;
}

}  // namespace soakwatch
