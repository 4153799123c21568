// One run out of a database: the floors of its longest process.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/compare/run_judgement.h"
#include "detectors/growth_detector.h"
#include "model/capture.h"
#include "storage/sample_reader.h"

namespace soakwatch {

struct RunSignal {
  SignalOptions options;
  Metric metric = Metric::kRssBytes;  // that it was read from
  bool read = false;                  // at all
  std::int64_t samples = 0;           // after the warm-up that carry it
  bool alerted = false;               // an alert for a leak fired on it
  std::optional<RunCourse> course;    // absent: too short, or never read
};

struct Run {
  std::filesystem::path database;
  TargetRow target;
  InstanceRow instance;
  std::size_t instances = 0;  // of the target
  std::int64_t samples = 0;   // of the instance, with the warm-up
  WallTime first;
  WallTime last;
  milliseconds judged{0};          // of the clock that measures, after the warm-up
  std::vector<RunSignal> signals;  // in the order of `options.signals`
};

// `target` absent: the only one there is. Warm-up is `options.warm_up` after the first sample.
// Errors: the reader's; kInvalid, several targets; kNotFound, no sample.
Result<Run> read_run(const std::filesystem::path& database,
                     const std::optional<std::string>& target, const DetectionOptions& options);

// Of the run's process, one of each kind: the final one, else the newest.
Result<std::vector<Capture>> last_captures(const Run& run);

// The target of that name, or the only one there is.
Result<TargetRow> choose_target(SampleReader& reader, const std::optional<std::string>& name);

}  // namespace soakwatch
