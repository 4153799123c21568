// The one list of metrics. Database columns, CSV headers and JSON keys are generated from it.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace soakwatch {

// The order is the order of columns, everywhere. Append only: it is also the order in old
// databases.
enum class Metric : std::uint8_t {
  kRssBytes,
  kRssAnonBytes,
  kRssFileBytes,
  kPssBytes,
  kSwapBytes,
  kVsizeBytes,
  kLazyFreeBytes,
  kAnonHugeBytes,
  kMappings,
  kOpenFds,
  kThreads,
  kCpuSecondsTotal,
  kMajorFaultsTotal,
  kGoroutines,
  kHeapAllocBytes,
  kHeapInuseBytes,
  kHeapIdleBytes,
  kHeapReleasedBytes,
  kHeapSysBytes,
  kHeapObjects,
  kStackInuseBytes,
  kNextGcBytes,
  kSysBytes,
  kAllocBytesTotal,
  kMallocsTotal,
  kFreesTotal,
  kGcCyclesTotal,
  kGcPauseSecondsTotal,
  kGcCpuFraction,
};
inline constexpr std::size_t kMetricCount = 29;

enum class Unit : std::uint8_t { kBytes, kCount, kSeconds, kRatio };
enum class MetricType : std::uint8_t { kGauge, kCounter };
// Where a metric is read, which is also how often: each source has its own beat.
enum class Source : std::uint8_t {
  kProcRound,   // statm, stat, status and the fd count: every round
  kProcDetail,  // smaps_rollup and maps: on a slower beat, within a budget
  kPprofIndex,  // /debug/pprof/: every round
  kPprofHeap,   // MemStats of heap?debug=1: on a slower beat
};

struct MetricDescriptor {
  Metric id;
  std::string_view name;  // canonical: lower case, unit last, `_total` on counters
  Unit unit;
  MetricType type;
  Source source;
  std::string_view help;  // one sentence without a full stop
};

std::span<const MetricDescriptor, kMetricCount> all_metrics();
const MetricDescriptor& describe(Metric metric);
std::optional<Metric> metric_from_name(std::string_view canonical_name);
// Bytes and counts are whole numbers; seconds and ratios are not.
bool is_integral(Metric metric);

constexpr std::size_t index_of(Metric metric) { return static_cast<std::size_t>(metric); }

// The values of one round. A value that could not be read is missing, never 0. Doubles hold every
// whole number up to 2^53 exactly, which is 9 PB.
class MetricValues {
 public:
  void set(Metric metric, double value) {
    values_[index_of(metric)] = value;
    present_.set(index_of(metric));
  }
  void clear(Metric metric) { present_.reset(index_of(metric)); }
  [[nodiscard]] bool has(Metric metric) const { return present_.test(index_of(metric)); }
  [[nodiscard]] std::optional<double> get(Metric metric) const {
    if (!has(metric)) return std::nullopt;
    return values_[index_of(metric)];
  }
  [[nodiscard]] bool empty() const { return present_.none(); }
  [[nodiscard]] std::size_t count() const { return present_.count(); }
  // Takes over each value that `other` has.
  void merge(const MetricValues& other) {
    for (std::size_t i = 0; i < kMetricCount; ++i) {
      if (other.present_.test(i)) {
        values_[i] = other.values_[i];
        present_.set(i);
      }
    }
  }
  friend bool operator==(const MetricValues& a, const MetricValues& b) {
    if (a.present_ != b.present_) return false;
    for (std::size_t i = 0; i < kMetricCount; ++i) {
      if (a.present_.test(i) && a.values_[i] != b.values_[i]) return false;
    }
    return true;
  }

 private:
  std::array<double, kMetricCount> values_{};
  std::bitset<kMetricCount> present_;
};

}  // namespace soakwatch
