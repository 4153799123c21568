// Garbage collection takes more than a share of the processor time that a Go program may use. An
// information, and no leak: a heap that is small for its garbage, or a memory limit that is near.
//
// gc_cpu_fraction is an average over the life of the process: time spent in collections, divided by
// GOMAXPROCS times the age (runtime/mstats.go, GCCPUFraction). After a day it hardly moves any
// more. But fraction times age is a counter, of collection time per processor, and its rate is the
// share of the present: GOMAXPROCS need not be known.
//
// Where the age is underestimated, what is computed lies between the share of the present and the
// average over the life: still a share that the process has or had.
//
// The share is of what the program *may* use, idle processors included. A program that uses one
// core of 64 and spends half of that in collections stays below 1 %, and nothing here can tell.
#pragma once

#include <optional>
#include <string>

#include "detectors/detector.h"
#include "detectors/minute_rate.h"
#include "detectors/minute_window.h"

namespace soakwatch {

struct GcPressureOptions {
  milliseconds warm_up{600000};  // after the first sample; left out
  double least_share = 0.05;     // of the processor time that the program may use
};

// In its finding `base` is the average over the life of the process and `current` the share in the
// latest five minutes; the slope is 0.
class GcPressureDetector : public Detector {
 public:
  // `started`: when the process started, on the clock of Sample::monotonic, or later; absent where
  // not known. Earlier than the truth would exaggerate what changes.
  GcPressureDetector(const GcPressureOptions& options, std::optional<milliseconds> started);
  std::optional<Judgement> observe(const Sample& sample) override;
  [[nodiscard]] std::string name() const override { return "gc_pressure"; }

 private:
  // Takes the fraction over where a collection has ended since it was last read; it stands still
  // in between. Returns whether a minute was completed.
  bool take(const Sample& sample, double fraction);
  std::optional<Judgement> judge(const Sample& sample);
  Judgement end();

  GcPressureOptions options_;
  std::optional<milliseconds> first_;
  std::optional<milliseconds> started_;
  std::optional<double> cycles_;
  double fraction_ = 0;
  double collected_ = 0;  // seconds per processor since the start
  milliseconds last_collection_{0};
  MinuteRate share_;
  MinuteWindow minutes_;
  std::optional<std::int64_t> minute_;
  std::optional<WallTime> since_;  // while it is found
};

}  // namespace soakwatch
