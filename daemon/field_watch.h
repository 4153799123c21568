// The rules of the field for one process instance: an hour of samples five minutes apart, and its
// open files whenever they were captured.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "evidence/breakdown.h"
#include "evidence/field_rules.h"
#include "model/sample.h"

namespace soakwatch {

// All on the loop's thread.
class FieldWatch {
 public:
  // `tell` gets each sentence once.
  FieldWatch(FieldRuleOptions options, std::function<void(std::string)> tell)
      : watch_(std::move(options)), tell_(std::move(tell)) {}

  void sample(const Sample& sample);
  void fds(const FdList& list);
  // From a dump of goroutines with their waits.
  void goroutines(const Breakdown& dump);
  // Newest known; 0: none is known.
  [[nodiscard]] double goroutine_count() const;

 private:
  void judge(const FieldFacts& facts);

  FieldRuleWatch watch_;
  std::function<void(std::string)> tell_;
  std::vector<Sample> kept_;  // the oldest first
  milliseconds next_{0};      // monotonic
};

}  // namespace soakwatch
