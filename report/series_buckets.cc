#include "report/series_buckets.h"

#include <algorithm>

namespace soakwatch {
namespace {

void extend(Bucket& bucket, const Bucket& later) {
  if (later.samples == 0) return;
  if (bucket.samples == 0) {
    bucket = later;
    return;
  }
  bucket.instance = later.instance;
  bucket.end = later.end;
  bucket.min = std::min(bucket.min, later.min);
  bucket.max = std::max(bucket.max, later.max);
  bucket.last = later.last;
  bucket.samples += later.samples;
}

}  // namespace

SeriesBuckets::SeriesBuckets(std::size_t limit) : limit_(std::max<std::size_t>(limit, 2)) {
  rows_.reserve(limit_ + 1);
  owners_.reserve(limit_ + 1);
}

std::int64_t SeriesBuckets::index_at(WallTime time) const {
  const std::int64_t ms = to_unix_ms(time);
  const std::int64_t index = ms / width_.count();
  return ms < 0 ? index - 1 : index;
}

void SeriesBuckets::add(const Sample& sample) {
  add(sample, sample.values, sample.values, sample.time, 1);
}

void SeriesBuckets::add(const Sample& sample, const MetricValues& lowest,
                        const MetricValues& highest, WallTime begin, std::int64_t samples) {
  const std::int64_t index = index_at(begin);
  // What a clock that was set back brings stays in the newest bucket.
  const bool is_new =
      rows_.empty() || index > rows_.back().index || owners_.back() != sample.instance;
  if (is_new) {
    rows_.push_back({rows_.empty() ? index : std::max(index, rows_.back().index), {}});
    owners_.push_back(sample.instance);
    if (rows_.size() > limit_) widen();
  }
  Row& row = rows_.back();
  for (std::size_t i = 0; i < kMetricCount; ++i) {
    const auto metric = static_cast<Metric>(i);
    const std::optional<double> value = sample.values.get(metric);
    if (!value) continue;
    const double v = *value;
    const double low = lowest.get(metric).value_or(v);
    const double high = highest.get(metric).value_or(v);
    extend(row.buckets[i], {sample.instance, begin, sample.time, low, high, v, v, samples});
    MetricSeries& total = totals_[i];
    if (total.samples == 0) {
      total.first = v;
      total.min = low;
      total.max = high;
    } else if (last_instance_[i] == sample.instance) {
      total.increase += std::max(0.0, v - total.last);
    }
    total.min = std::min(total.min, low);
    total.max = std::max(total.max, high);
    total.last = v;
    total.samples += samples;
    last_instance_[i] = sample.instance;
  }
}

void SeriesBuckets::widen() {
  const auto limit = static_cast<std::int64_t>(limit_);
  while (rows_.size() > limit_ && rows_.back().index - rows_.front().index >= limit / 2) {
    width_ *= 2;
    for (Row& row : rows_) row.index = row.index < 0 ? (row.index - 1) / 2 : row.index / 2;
    join(false);
  }
  // More instances than points: a program that starts again every second for a night.
  if (rows_.size() > limit_) join(true);
}

void SeriesBuckets::join(bool across_instances) {
  std::size_t kept = 0;
  for (std::size_t i = 1; i < rows_.size(); ++i) {
    const bool same_time = rows_[i].index == rows_[kept].index;
    const bool joined = across_instances ? i % 2 == 1 : same_time && owners_[i] == owners_[kept];
    if (joined) {
      for (std::size_t m = 0; m < kMetricCount; ++m) {
        extend(rows_[kept].buckets[m], rows_[i].buckets[m]);
      }
      owners_[kept] = owners_[i];
    } else {
      ++kept;
      if (kept != i) {
        rows_[kept] = rows_[i];
        owners_[kept] = owners_[i];
      }
    }
  }
  rows_.resize(kept + 1);
  owners_.resize(kept + 1);
}

std::vector<MetricSeries> SeriesBuckets::series() const {
  std::vector<MetricSeries> result;
  for (std::size_t i = 0; i < kMetricCount; ++i) {
    if (totals_[i].samples == 0) continue;
    MetricSeries series = totals_[i];
    series.metric = static_cast<Metric>(i);
    for (const Row& row : rows_) {
      if (row.buckets[i].samples > 0) series.buckets.push_back(row.buckets[i]);
    }
    result.push_back(std::move(series));
  }
  return result;
}

}  // namespace soakwatch
