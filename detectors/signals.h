// The series that detectors judge, computed from the metrics of a sample.
#pragma once

#include <cmath>
#include <optional>
#include <span>
#include <string_view>

#include "model/metric.h"
#include "model/process_id.h"
#include "model/sample.h"

namespace soakwatch {

enum class Signal { kGoroutines, kLiveHeap, kOpenFds, kAnonMemory, kNativeMemory, kThreads };

struct SignalValue {
  double value = 0;
  double companion = std::nan("");  // a second series whose floor must agree; NaN: none
};

struct SignalDescriptor {
  Signal id;
  std::string_view detector;  // "goroutine_growth"
  Metric metric;              // what an alert names; the signal is in its unit
  std::string_view noun;      // for a person: "goroutines"
};

// The work that a process does, as the rate of a counter: bytes allocated, else processor time.
class LoadMeter {
 public:
  // The mean rate since the sample before it; NaN where there is none. Between two readings of the
  // counter the last rate holds.
  double observe(const Sample& sample);

 private:
  std::optional<Metric> metric_;
  double last_count_ = 0;
  milliseconds last_time_{0};
  double rate_ = std::nan("");
};

std::span<const SignalDescriptor> all_signals();
const SignalDescriptor& describe(Signal signal);

// What the estimate of the live heap needs to know of the process.
struct GoSettings {
  double gogc = 1;  // GOGC / 100
  bool gogc_off = false;
  std::optional<double> memory_limit_bytes;
};
GoSettings go_settings(const ProcessInfo& process);

// The signal at this sample; nothing where the metrics it needs are missing.
//
// Live heap is estimated from the collector's goal, which is flat between collections and so free
// of the sawtooth: next_gc = live + (live + stacks + globals) * GOGC/100 (Go's GC guide, "GOGC").
// Below the collector's minimum goal of 4 MiB * GOGC/100, with GOGC=off and near a memory limit,
// next_gc says nothing about what is live, and the signal falls back to heap_alloc_bytes just after
// a collection.
//
// There the heap is only read where the counter of collections has moved, and stays until the next
// one: what lies on top since then is not live, and with GOGC=off a rise of hours proves nothing.
// Where there is no such counter, every reading counts.
//
// Native memory is what the process holds beside the Go runtime's share: anonymous memory less (Sys
// - HeapReleased), with cgo, mmap and malloc in it. Not all that Sys counts was ever touched, so
// that it may start below zero; only its growth means something.
class SignalReader {
 public:
  SignalReader(Signal signal, const GoSettings& go)
      : signal_(signal), go_(go), metric_(describe(signal).metric) {}
  std::optional<SignalValue> read(const MetricValues& values);
  // What the latest value was read from: another metric than the descriptor's where that is never
  // there (rss_bytes in place of rss_anon_bytes, in old logs).
  [[nodiscard]] Metric metric() const { return metric_; }

 private:
  std::optional<SignalValue> anon_memory(const MetricValues& values);
  std::optional<SignalValue> live_heap(const MetricValues& values);
  std::optional<double> heap_after_collection(double alloc, const MetricValues& values);

  Signal signal_;
  GoSettings go_;
  Metric metric_;
  bool seen_ = false;  // the descriptor's own metric
  std::optional<double> cycles_;
  std::optional<double> after_collection_;
};

}  // namespace soakwatch
