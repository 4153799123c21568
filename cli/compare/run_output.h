// Two runs side by side, for a person and for a program.
#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <string>
#include <vector>

#include "cli/compare/run.h"
#include "cli/compare/stored_pairs.h"

namespace soakwatch {

struct SignalComparison {
  RunSignal a;
  RunSignal b;
  RunComparison result;
};

struct RunsComparison {
  Run baseline;
  Run candidate;
  milliseconds warm_up{0};
  std::vector<SignalComparison> signals;  // those that one of the two has
};

RunsComparison compared(Run baseline, Run candidate, const DetectionOptions& options);
// Of signals with that difference, in words: "goroutines, threads".
std::string nouns_of(const RunsComparison& comparison, Difference difference);
bool has(const RunsComparison& comparison, Difference difference);

std::string runs_text(const RunsComparison& comparison, const StoredPairs& pairs, std::size_t most,
                      bool color);
boost::json::object runs_json(const RunsComparison& comparison, const StoredPairs& pairs);

}  // namespace soakwatch
