// Whatever watches a process and says when to alarm: the engine, or a rule that people use today.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/sample.h"
#include "tests/bench/detection/series.h"

namespace soakwatch::bench {

class Judge {
 public:
  virtual ~Judge() = default;
  // Samples of one instance in their order. Returns whether the alarm is on.
  virtual bool observe(const Sample& sample) = 0;
};

// A kind of judge: makes a fresh one for each instance of a process.
struct JudgeKind {
  std::string name;
  std::unique_ptr<Judge> (*make)(const Series& series);
};

// The engine with its default configuration first, then the baselines.
std::vector<JudgeKind> engine_and_baselines();

}  // namespace soakwatch::bench
