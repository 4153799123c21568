// What a detector concludes from one series at one instant.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/capture.h"
#include "model/metric.h"
#include "model/timestamp.h"

namespace soakwatch {

enum class Severity : std::uint8_t { kInfo, kWarning, kCritical };
std::string_view to_string(Severity severity);

// One condition of a detector with the figures that it was judged by, so that an alert explains
// itself.
struct Gate {
  std::string name;  // "size", "order", ...
  bool passed = false;
  double measured = 0;  // in the unit that `meaning` states
  double threshold = 0;
  std::string meaning;  // "growth in bytes, at least"
};
inline bool all_passed(const std::vector<Gate>& gates) {
  return std::all_of(gates.begin(), gates.end(), [](const Gate& gate) { return gate.passed; });
}

// How much the evidence weighs. A suspicion waits for more of the series, or for a look into the
// process; only an alert may fire.
enum class Grade : std::uint8_t { kSuspect, kAlert };
std::string_view to_string(Grade grade);

// A plateau: what grew has stopped, and has not been given back.
enum class Phase : std::uint8_t { kGrowing, kPlateau };

// What comes to an end when the growth goes on.
struct Limit {
  std::string name;           // "RLIMIT_NOFILE", "GOMEMLIMIT", "memory.max of the cgroup"
  double value = 0;           // in the metric's unit
  milliseconds time_left{0};  // at the lower end of the slope's interval: at most so long
};

// Who grows: one group of what a process holds (goroutines of one stack, live memory of one call
// site, descriptors of one file or peer, mappings of one name), seen in two captures.
struct Culprit {
  CaptureKind kind = CaptureKind::kHeap;
  std::string name;      // for a person, printable: the function, the path, the mapping
  std::string location;  // "worker.go:42"; empty where there is none
  std::string state;     // what goroutines wait for, state of a socket; may be empty
  Unit unit = Unit::kCount;
  double before = 0;  // in `unit`
  double now = 0;
  double share = 0;                // of all growth between the captures, 0 to 1
  std::vector<std::string> stack;  // "function (file:line)", the innermost first; may be empty
};

// "main.leak (worker.go:42), chan receive".
std::string whose(const Culprit& culprit);
// The same with its figures: "...: 12 -> 412, 96 % of the growth".
std::string to_string(const Culprit& culprit);

struct Finding {
  std::string detector;  // "goroutine_growth": stable, part of an alert's identity
  Metric metric = Metric::kRssBytes;
  Severity severity = Severity::kWarning;
  Grade grade = Grade::kAlert;
  Phase phase = Phase::kGrowing;
  bool is_leak = true;  // false: worth a look, but nothing is lost for good (twice the CPU time)
  double base = 0;      // level before the growth, in the metric's unit
  double current = 0;   // level now
  double slope_per_hour = 0;  // Theil-Sen estimate, metric's unit per hour
  double slope_low = 0;       // its 95 % interval
  double slope_high = 0;
  WallTime since;        // when the growth began, as far as the data shows
  milliseconds span{0};  // length of the data behind the judgement
  std::vector<Gate> gates;
  std::string summary;  // one sentence for a person
  // What the signals say together: "goroutines that never end". Empty: no more than the summary.
  std::string cause;
  // The detector whose finding, of the same instance, explains this one; empty: nothing does.
  std::string root;
  std::optional<Limit> limit;          // the one that is reached first, where one is known
  std::vector<std::string> ruled_out;  // other causes, each with the figure that speaks against it
  std::vector<Culprit>
      culprits;  // who grows most first; empty: nobody looked, or nothing was found
  // What a look into the process said, one sentence: who was confirmed, or why nobody was. Empty:
  // no look was taken.
  std::string probe;

  [[nodiscard]] double growth() const { return current - base; }
};

// Something that the numbers show and that is no leak: growth with an innocent reason, a jump from
// one level to another.
struct Observation {
  enum class Kind : std::uint8_t { kNoLeak, kStep };
  Kind kind = Kind::kNoLeak;
  std::string detector;  // whose signal it is about
  Metric metric = Metric::kRssBytes;
  WallTime time;        // when it was seen
  WallTime since;       // when it began
  std::string summary;  // one sentence for a person, with the reason
};

// The slowest growth that a run could have found.
struct Sensitivity {
  std::string detector;
  Metric metric = Metric::kRssBytes;
  // In the metric's unit per hour: a leak of this pace over the whole run is found in
  // `confidence` of all cases. Absent: no window was full, so that nothing could have been found.
  std::optional<double> slope_per_hour;
  double confidence = 0.9;
  milliseconds span{0};  // of the longest window that was judged
};

}  // namespace soakwatch
