// What a soak amounts to: PASS, FAIL or INCONCLUSIVE, why, and the exit status for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/analyze/analysis.h"
#include "cli/soak/needed_span.h"
#include "model/metric.h"
#include "model/timestamp.h"

namespace soakwatch {

enum class SoakVerdict : std::uint8_t { kPass, kFail, kInconclusive };
std::string_view to_string(SoakVerdict verdict);  // "PASS"

// How the watch came to its end.
struct SoakEnding {
  enum class How : std::uint8_t {
    kTimeUp,
    kInterrupted,   // by a signal
    kTargetLost,    // what was attached to is gone
    kCommandEnded,  // before the time
    kNotStarted,    // the command could not be
  };
  How how = How::kTimeUp;
  std::string words;        // "the command exited with status 1 after 3s"; empty when time was up
  milliseconds watched{0};  // of
  milliseconds planned{0};
};
std::string_view to_string(SoakEnding::How how);  // "time_up"

// What one detector of growth could say of the target.
struct JudgedSignal {
  enum class State : std::uint8_t { kLeak, kSuspect, kClean, kNotJudged, kNotSeen };
  std::string detector;
  Metric metric = Metric::kRssBytes;
  State state = State::kNotSeen;
  std::string words;  // the finding; else why it was not judged; else empty
  // The slowest growth, per hour, that would have been found in `confidence` of all cases.
  std::optional<double> detectable;
  double confidence = 0;
};
std::string_view to_string(JudgedSignal::State state);  // "leak", "suspect", "clean", ...

struct SoakJudgement {
  SoakVerdict verdict = SoakVerdict::kInconclusive;
  std::string reason;  // one sentence
  int exit_status = 0;
  std::vector<JudgedSignal> signals;  // in the order of `needed`
};

// A leak is a leak, however the soak ended. PASS: the time was up, and every detector whose metrics
// were read had a window in which it would have found a leak from the start, of at least
// `cold_start_span`.
SoakJudgement judge_soak(const Analysis& analysis, const std::vector<NeededSpan>& needed,
                         milliseconds cold_start_span, const SoakEnding& ending);

}  // namespace soakwatch
