// Every metric of a run in a bounded number of buckets, each with its extremes, so that a spike of
// one sample among a hundred thousand is still to be seen.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "model/metric.h"
#include "model/sample.h"
#include "model/timestamp.h"

namespace soakwatch {

struct Bucket {
  InstanceId instance = 0;
  WallTime begin;  // of its first value
  WallTime end;    // of its last value
  double min = 0;
  double max = 0;
  double first = 0;
  double last = 0;
  std::int64_t samples = 0;
};

struct MetricSeries {
  Metric metric = Metric::kRssBytes;
  std::int64_t samples = 0;
  double first = 0;
  double last = 0;
  double min = 0;
  double max = 0;
  // What a counter rose by; it begins again with each process.
  double increase = 0;
  std::vector<Bucket> buckets;  // in order of time; those without a value are left out
};

// Samples come one by one; memory does not grow with them. Buckets begin short and double when
// there are too many. Not thread-safe.
class SeriesBuckets {
 public:
  // `limit`: buckets per metric, at least 2. A bucket holds one instance, as long as there are not
  // more instances than buckets.
  explicit SeriesBuckets(std::size_t limit);

  // In order of time, as SampleReader::for_each gives the samples of a target.
  void add(const Sample& sample);
  // Several samples at once: their last values, at the time of the last, and their extremes.
  void add(const Sample& last, const MetricValues& lowest, const MetricValues& highest,
           WallTime begin, std::int64_t samples);

  // The metrics that had a value, in the order of the table.
  [[nodiscard]] std::vector<MetricSeries> series() const;

 private:
  struct Row {
    std::int64_t index = 0;  // time divided by the width
    std::array<Bucket, kMetricCount> buckets;
  };

  [[nodiscard]] std::int64_t index_at(WallTime time) const;
  void widen();
  void join(bool across_instances);

  std::size_t limit_;
  milliseconds width_{125};
  std::vector<Row> rows_;
  std::vector<InstanceId> owners_;  // of each row
  std::array<MetricSeries, kMetricCount> totals_;
  std::array<InstanceId, kMetricCount> last_instance_{};
};

}  // namespace soakwatch
