// The benchmark's result: every figure under a name, as a table, as JSON, and against limits.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/result.h"
#include "tests/bench/detection/statistics.h"

namespace soakwatch::bench {

struct FamilyResult {
  std::string name;
  bool leaks = false;
  bool looks_like_a_leak = false;  // without being one (plan.h)
  std::vector<Outcomes> by_judge;  // in the order of the judges
};

struct Results {
  std::vector<std::string> judges;  // the engine first
  std::vector<FamilyResult> families;
  double samples_per_second = 0;  // through the engine, one signal, one core
};

// "recall.fast", "false_per_1000_days.noise", "delay_minutes.fast", "precision" and, without
// the families that look like a leak, "precision_told_apart", "runs_with_alarm.clean_run",
// "recall": of the judge with that number. Only the engine's have intervals.
std::map<std::string, Estimate> measures(const Results& results, std::size_t judge);

void print_table(const Results& results);
void print_json(const Results& results);

// Each line of `text` is "NAME >= FIGURE" or "NAME <= FIGURE"; # begins a comment. Returns what is
// broken, in words; an error for a line that is not of that form or names no measure.
Result<std::vector<std::string>> broken_limits(std::string_view text,
                                               const std::map<std::string, Estimate>& measures);

}  // namespace soakwatch::bench
