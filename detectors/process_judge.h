// All that is judged of one process instance: its detectors, and what their findings say together.
#pragma once

#include <memory>
#include <vector>

#include "detectors/detector.h"
#include "detectors/growth_detector.h"
#include "model/finding.h"
#include "model/process_id.h"
#include "model/sample.h"

namespace soakwatch {

using Detectors = std::vector<std::unique_ptr<Detector>>;

// Deterministic, bounded in memory, no clock and no I/O: feeding it the stored samples of an
// instance again gives the same state. Not thread-safe.
class ProcessJudge {
 public:
  // Without a detector: it judges nothing.
  ProcessJudge();
  // With the detectors that `options` enable.
  ProcessJudge(const DetectionOptions& options, const ProcessInfo& process);
  // With these detectors alone.
  explicit ProcessJudge(Detectors detectors);
  ProcessJudge(ProcessJudge&&) noexcept;
  ProcessJudge& operator=(ProcessJudge&&) noexcept;
  ~ProcessJudge();

  // Samples in order of their monotonic time. What was judged anew: at most one judgement of each
  // detector, a root before those that it explains.
  std::vector<Judgement> observe(const Sample& sample);

  // What was seen since the last call that is no leak; each thing is said once.
  std::vector<Observation> take_observations();

  // For each detector of growth whose metrics have been seen. Costs some milliseconds: for the end
  // of a run, or for a person who asks.
  [[nodiscard]] std::vector<Sensitivity> sensitivity() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace soakwatch
