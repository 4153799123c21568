// What a replay of recorded data found.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "detectors/theil_sen.h"
#include "model/alert.h"
#include "model/finding.h"
#include "model/metric.h"
#include "model/timestamp.h"

namespace soakwatch {

enum class Verdict : std::uint8_t { kLeak, kClean, kInconclusive };
std::string_view to_string(Verdict verdict);  // "leak"

enum class SeriesState : std::uint8_t {
  kNotJudged,  // no detector looks at it
  kTooShort,   // no window of any detector was full
  kSteady,
  kSuspect,
  kGrowing,
  kPlateau,  // it grew, and has stopped
};
std::string_view to_string(SeriesState state);  // "not_judged"

struct SeriesResult {
  Metric metric = Metric::kRssBytes;
  std::int64_t samples = 0;
  milliseconds span{0};
  SeriesState state = SeriesState::kNotJudged;  // at the end
  // Per hour: of the finding that is open at the end, else of the whole span; absent where there is
  // too little to say one.
  std::optional<Slope> slope;
  // The slowest growth, per hour, that would have been found in `confidence` of all cases.
  std::optional<double> detectable;
  double confidence = 0;
};

struct InstanceResult {
  std::int64_t number = 0;  // in the order of appearance, from 1
  std::string target;
  int pid = 0;  // 0: the data name none
  WallTime first;
  WallTime last;
  std::int64_t samples = 0;
  milliseconds span{0};  // of the clock that measures
  std::vector<SeriesResult> series;
  std::vector<Sensitivity>
      sensitivity;  // of each detector that could have looked at it, seen or not
};

struct AlertResult {
  Alert alert;  // as it was at the end
  std::string reason;
};

struct ObservationResult {
  std::int64_t instance = 0;  // its number
  Observation observation;
};

// A clock that was set back in the middle of the data.
struct ClockStep {
  WallTime from;
  WallTime to;
};

struct Analysis {
  Verdict verdict = Verdict::kInconclusive;
  std::string summary;              // one sentence for a person
  std::vector<AlertResult> alerts;  // those that fired, and suspicions that were left; by time
  std::vector<ObservationResult> observations;
  std::vector<InstanceResult> instances;
  std::int64_t samples = 0;
  std::int64_t instance_count = 0;
  bool left_out = false;  // some are not listed, since there were too many
  std::int64_t clock_steps = 0;
  std::optional<ClockStep> first_clock_step;
};

}  // namespace soakwatch
