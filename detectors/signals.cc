#include "detectors/signals.h"

#include <array>

namespace soakwatch {
namespace {

constexpr std::array<SignalDescriptor, 6> kSignals{{
    {Signal::kGoroutines, "goroutine_growth", Metric::kGoroutines, "goroutines"},
    {Signal::kLiveHeap, "live_heap_growth", Metric::kHeapAllocBytes, "live heap"},
    {Signal::kOpenFds, "fd_growth", Metric::kOpenFds, "open file descriptors"},
    {Signal::kAnonMemory, "anon_memory_growth", Metric::kRssAnonBytes, "anonymous memory"},
    {Signal::kNativeMemory, "native_memory_growth", Metric::kRssAnonBytes,
     "memory outside the Go heap"},
    {Signal::kThreads, "thread_growth", Metric::kThreads, "threads"},
}};

// runtime/mgcpacer.go: defaultHeapMinimum = 4 MiB, scaled by GOGC/100.
constexpr double kMinimumGoal = 4.0 * 1024 * 1024;
// The collector is off, by a runtime setter if not by GOGC: the goal is 2^64 - 1.
constexpr double kNoGoal = 9e18;
// From this share of the memory limit on, the limit sets the goal and not GOGC.
constexpr double kLimitShare = 0.8;

}  // namespace

double LoadMeter::observe(const Sample& sample) {
  // Once seen, bytes allocated are kept to: the two counters do not compare.
  if (sample.values.has(Metric::kAllocBytesTotal)) {
    if (metric_ != Metric::kAllocBytesTotal) {
      metric_.reset();
      rate_ = std::nan("");
    }
  } else if (metric_ == Metric::kAllocBytesTotal) {
    return rate_;
  }
  const Metric metric = sample.values.has(Metric::kAllocBytesTotal) ? Metric::kAllocBytesTotal
                                                                    : Metric::kCpuSecondsTotal;
  const auto count = sample.values.get(metric);
  if (!count) return rate_;
  const std::chrono::duration<double> passed = sample.monotonic - last_time_;
  if (metric_ && passed.count() > 0 && *count >= last_count_) {
    rate_ = (*count - last_count_) / passed.count();
  }
  metric_ = metric;
  last_count_ = *count;
  last_time_ = sample.monotonic;
  return rate_;
}

std::span<const SignalDescriptor> all_signals() { return kSignals; }

const SignalDescriptor& describe(Signal signal) {
  return kSignals[static_cast<std::size_t>(signal)];
}

GoSettings go_settings(const ProcessInfo& process) {
  return {process.gogc_percent.value_or(100) / 100, process.gogc_off, process.gomemlimit_bytes};
}

std::optional<SignalValue> SignalReader::read(const MetricValues& values) {
  if (signal_ == Signal::kLiveHeap) return live_heap(values);
  if (signal_ == Signal::kAnonMemory) return anon_memory(values);
  if (signal_ == Signal::kNativeMemory) {
    const auto anon = values.get(Metric::kRssAnonBytes);
    const auto sys = values.get(Metric::kSysBytes);
    const auto released = values.get(Metric::kHeapReleasedBytes);
    if (!anon || !sys || !released) return std::nullopt;
    return SignalValue{*anon - (*sys - *released), std::nan("")};
  }
  const auto value = values.get(describe(signal_).metric);
  if (!value) return std::nullopt;
  return SignalValue{*value, std::nan("")};
}

std::optional<SignalValue> SignalReader::anon_memory(const MetricValues& values) {
  if (const auto anon = values.get(Metric::kRssAnonBytes)) {
    metric_ = Metric::kRssAnonBytes;
    seen_ = true;
    return SignalValue{*anon, std::nan("")};
  }
  const auto resident = values.get(Metric::kRssBytes);
  if (!resident || seen_) return std::nullopt;
  metric_ = Metric::kRssBytes;
  return SignalValue{*resident, std::nan("")};
}

std::optional<SignalValue> SignalReader::live_heap(const MetricValues& values) {
  const auto alloc = values.get(Metric::kHeapAllocBytes);
  const auto goal = values.get(Metric::kNextGcBytes);
  if (!alloc) return std::nullopt;
  const std::optional<double> after = heap_after_collection(*alloc, values);
  const bool at_minimum = !goal || *goal <= kMinimumGoal * go_.gogc * 1.05;
  const bool at_limit =
      goal && go_.memory_limit_bytes && *goal >= kLimitShare * *go_.memory_limit_bytes;
  const bool is_off = go_.gogc_off || (goal && *goal >= kNoGoal);
  if (at_minimum || at_limit || is_off) {
    if (!after) return std::nullopt;
    return SignalValue{*after, std::nan("")};
  }
  const double stacks = values.get(Metric::kStackInuseBytes).value_or(0);
  return SignalValue{(*goal - go_.gogc * stacks) / (1 + go_.gogc), *alloc};
}

std::optional<double> SignalReader::heap_after_collection(double alloc,
                                                          const MetricValues& values) {
  const auto cycles = values.get(Metric::kGcCyclesTotal);
  if (!cycles) return alloc;
  if (cycles_ && *cycles != *cycles_) after_collection_ = alloc;
  cycles_ = *cycles;
  return after_collection_;
}

}  // namespace soakwatch
