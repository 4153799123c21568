#include "model/metric.h"

#include <algorithm>

namespace soakwatch {
namespace {

constexpr auto kGauge = MetricType::kGauge;
constexpr auto kCounter = MetricType::kCounter;

constexpr std::array<MetricDescriptor, kMetricCount> kMetrics{{
    {Metric::kRssBytes, "rss_bytes", Unit::kBytes, kGauge, Source::kProcRound,
     "Resident memory of the process"},
    {Metric::kRssAnonBytes, "rss_anon_bytes", Unit::kBytes, kGauge, Source::kProcRound,
     "Resident anonymous memory: heap, stacks, private mappings"},
    {Metric::kRssFileBytes, "rss_file_bytes", Unit::kBytes, kGauge, Source::kProcRound,
     "Resident memory backed by files; its growth is no leak"},
    {Metric::kPssBytes, "pss_bytes", Unit::kBytes, kGauge, Source::kProcDetail,
     "Resident memory with shared pages divided among those who share them"},
    {Metric::kSwapBytes, "swap_bytes", Unit::kBytes, kGauge, Source::kProcRound,
     "Anonymous memory that was swapped out"},
    {Metric::kVsizeBytes, "vsize_bytes", Unit::kBytes, kGauge, Source::kProcRound,
     "Size of the address space"},
    {Metric::kLazyFreeBytes, "lazy_free_bytes", Unit::kBytes, kGauge, Source::kProcDetail,
     "Pages given back with MADV_FREE that the kernel has not yet taken"},
    {Metric::kAnonHugeBytes, "anon_huge_bytes", Unit::kBytes, kGauge, Source::kProcDetail,
     "Anonymous memory in transparent huge pages"},
    {Metric::kMappings, "mappings", Unit::kCount, kGauge, Source::kProcDetail,
     "Memory mappings of the process"},
    {Metric::kOpenFds, "open_fds", Unit::kCount, kGauge, Source::kProcRound,
     "Open file descriptors"},
    {Metric::kThreads, "threads", Unit::kCount, kGauge, Source::kProcRound,
     "Threads of the process"},
    {Metric::kCpuSecondsTotal, "cpu_seconds_total", Unit::kSeconds, kCounter, Source::kProcRound,
     "CPU time used in user and kernel mode"},
    {Metric::kMajorFaultsTotal, "major_faults_total", Unit::kCount, kCounter, Source::kProcRound,
     "Page faults that had to wait for a disk"},
    {Metric::kGoroutines, "goroutines", Unit::kCount, kGauge, Source::kPprofIndex,
     "Goroutines that exist"},
    {Metric::kHeapAllocBytes, "heap_alloc_bytes", Unit::kBytes, kGauge, Source::kPprofHeap,
     "Go heap in objects, live or not yet swept"},
    {Metric::kHeapInuseBytes, "heap_inuse_bytes", Unit::kBytes, kGauge, Source::kPprofHeap,
     "Go heap spans with at least one object"},
    {Metric::kHeapIdleBytes, "heap_idle_bytes", Unit::kBytes, kGauge, Source::kPprofHeap,
     "Go heap spans without an object, returned to the system or not"},
    {Metric::kHeapReleasedBytes, "heap_released_bytes", Unit::kBytes, kGauge, Source::kPprofHeap,
     "The part of the idle Go heap that was returned to the system"},
    {Metric::kHeapSysBytes, "heap_sys_bytes", Unit::kBytes, kGauge, Source::kPprofHeap,
     "Address space reserved for the Go heap"},
    {Metric::kHeapObjects, "heap_objects", Unit::kCount, kGauge, Source::kPprofHeap,
     "Objects on the Go heap"},
    {Metric::kStackInuseBytes, "stack_inuse_bytes", Unit::kBytes, kGauge, Source::kPprofHeap,
     "Memory in use by goroutine stacks"},
    {Metric::kNextGcBytes, "next_gc_bytes", Unit::kBytes, kGauge, Source::kPprofHeap,
     "Heap size at which the next garbage collection starts"},
    {Metric::kSysBytes, "sys_bytes", Unit::kBytes, kGauge, Source::kPprofHeap,
     "All memory that the Go runtime obtained from the system"},
    {Metric::kAllocBytesTotal, "alloc_bytes_total", Unit::kBytes, kCounter, Source::kPprofHeap,
     "Bytes allocated on the Go heap since the start"},
    {Metric::kMallocsTotal, "mallocs_total", Unit::kCount, kCounter, Source::kPprofHeap,
     "Objects allocated on the Go heap since the start"},
    {Metric::kFreesTotal, "frees_total", Unit::kCount, kCounter, Source::kPprofHeap,
     "Objects freed on the Go heap since the start"},
    {Metric::kGcCyclesTotal, "gc_cycles_total", Unit::kCount, kCounter, Source::kPprofHeap,
     "Garbage collections since the start"},
    {Metric::kGcPauseSecondsTotal, "gc_pause_seconds_total", Unit::kSeconds, kCounter,
     Source::kPprofHeap, "Time in which garbage collection stopped the program"},
    {Metric::kGcCpuFraction, "gc_cpu_fraction", Unit::kRatio, kGauge, Source::kPprofHeap,
     "Share of the program's CPU time spent in garbage collection since the start"},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kMetrics.size(); ++i) {
    if (index_of(kMetrics[i].id) != i || kMetrics[i].name.empty()) return false;
  }
  return true;
}
static_assert(in_order(), "the table must have one row for each Metric, in the order of the enum");

}  // namespace

std::span<const MetricDescriptor, kMetricCount> all_metrics() { return kMetrics; }

const MetricDescriptor& describe(Metric metric) { return kMetrics[index_of(metric)]; }

std::optional<Metric> metric_from_name(std::string_view canonical_name) {
  const auto* found =
      std::find_if(kMetrics.begin(), kMetrics.end(),
                   [&](const MetricDescriptor& m) { return m.name == canonical_name; });
  if (found == kMetrics.end()) return std::nullopt;
  return found->id;
}

bool is_integral(Metric metric) {
  const Unit unit = describe(metric).unit;
  return unit == Unit::kBytes || unit == Unit::kCount;
}

}  // namespace soakwatch
