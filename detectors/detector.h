// The engine that judges one process instance. Pure arithmetic over series: no clock, no file, no
// log.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/finding.h"
#include "model/process_id.h"
#include "model/sample.h"

namespace soakwatch {

// What a detector says when it has judged anew; between judgements it says nothing.
struct Judgement {
  std::string detector;
  std::optional<Finding> finding;  // absent: the condition does not hold
};

// Watches one signal of one process instance. Deterministic and bounded in memory: feeding it the
// stored samples again gives the same state, which is how a restart of the daemon loses nothing.
class Detector {
 public:
  virtual ~Detector() = default;
  // Samples in order of their monotonic time. A sample without the signal's metrics is passed over.
  virtual std::optional<Judgement> observe(const Sample& sample) = 0;
  // Stable name: "goroutine_growth".
  [[nodiscard]] virtual std::string name() const = 0;
};

}  // namespace soakwatch
