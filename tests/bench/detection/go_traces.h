// Real Go programs, clean and with a leak, as traces/record.py recorded them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "model/process_id.h"
#include "model/result.h"
#include "model/sample.h"

namespace soakwatch::bench {

struct GoTrace {
  std::string name;
  bool is_leak = false;
  milliseconds onset{
      0};             // of the leak, after the first sample; in each instance anew where it is 0
  std::string cause;  // what leaks, in a word: "goroutine", "heap"
  // Each says what is so; the first names the root.
  std::vector<std::string> expected_detectors;
  ProcessInfo process;          // GOGC and the memory limit, as the program was run
  std::vector<Sample> samples;  // whole rounds; a new instance id is a restart
};

// All traces that `folder`/manifest.json lists, in its order; each in NAME.csv.gz, or NAME.csv.
// Error kNotFound: a file is missing; kInvalid: it is none of ours; the message names it.
Result<std::vector<GoTrace>> load_go_traces(const std::filesystem::path& folder);

}  // namespace soakwatch::bench
