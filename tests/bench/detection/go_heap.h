// A Go heap under its collector, as runtime.MemStats shows it.
#pragma once

#include <functional>
#include <optional>

#include "tests/bench/detection/random.h"

namespace soakwatch::bench {

struct GoHeapOptions {
  double gogc = 1;  // GOGC / 100
  bool gogc_off = false;
  std::optional<double> memory_limit_bytes;
  double stack_bytes = 2e6;
  double globals_bytes = 1e6;
  double alloc_bytes_per_second = 1e6;  // at load 1
};

// A collection marks what lives at that moment; until the next one the heap only rises. It comes
// when the heap reaches its goal and, unless GOGC=off, at least every two minutes
// (runtime/proc.go, forcegcperiod). Goal: live + (live + stacks + globals) * GOGC/100, at least
// 4 MiB * GOGC/100 (https://go.dev/doc/gc-guide), at most what the memory limit leaves.
class GoHeap {
 public:
  // `live` gives the bytes that a collection at that hour would keep.
  GoHeap(const GoHeapOptions& options, std::function<double(double)> live);

  void advance(double hours, double seconds, double load, Random& random);

  [[nodiscard]] double heap_alloc() const { return heap_; }
  [[nodiscard]] double next_gc() const { return goal_; }
  [[nodiscard]] double resident() const { return resident_; }
  [[nodiscard]] double allocated_total() const { return allocated_; }
  [[nodiscard]] double cycles() const { return cycles_; }

 private:
  void collect(double hours);

  GoHeapOptions options_;
  std::function<double(double)> live_;
  double heap_ = 0;
  double goal_ = 0;
  double resident_ = 0;
  double allocated_ = 0;
  double cycles_ = 0;
  double since_collection_seconds_ = 0;
};

}  // namespace soakwatch::bench
