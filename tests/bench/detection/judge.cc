#include "tests/bench/detection/judge.h"

#include "tests/bench/detection/baselines.h"
#include "tests/bench/detection/engine.h"

namespace soakwatch::bench {

std::vector<JudgeKind> engine_and_baselines() {
  std::vector<JudgeKind> kinds{{"soakwatch", make_engine}, {"suspicions", make_suspicious_engine}};
  for (JudgeKind& rule : baselines()) kinds.push_back(std::move(rule));
  return kinds;
}

}  // namespace soakwatch::bench
