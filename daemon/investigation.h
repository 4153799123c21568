// When the findings of one process ask for a look into it, and what the looks said.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "evidence/probe.h"
#include "model/capture.h"
#include "model/finding.h"

namespace soakwatch {

// A look that is wanted.
struct LookRequest {
  std::string detector;
  CaptureKind kind = CaptureKind::kHeap;
  CaptureReason reason = CaptureReason::kSuspicion;
  WallTime since;  // when the growth began
  std::optional<AlertId> alert;
  bool first = true;  // what earlier looks of this detector said belongs to another growth
};

// Pure: no clock and no I/O. Not thread-safe.
//
// A finding waits for the first look, as a suspicion, so that its alert can name who is behind it,
// and for that of the finding that explains it, which is told first; the look always comes to an
// end, if only with the word that it failed. A suspicion asks for more
// looks while it grows, until somebody is confirmed, which makes it an alert; so does an alert
// whenever its growth has doubled.
class Investigation {
 public:
  // What is known goes into the finding: culprits, what the probe says, the grade. The request, if
  // a look is wanted, without the alert's id.
  std::optional<LookRequest> consider(Finding& finding);
  // The condition of the detector is absent.
  void over(const std::string& detector) { cases_.erase(detector); }
  // What a look said. The latest finding, as consider() would have it by now, and those that it
  // explains and that waited for it; none where the growth is over.
  std::vector<Finding> looked(const std::string& detector, Evidence evidence);
  // The process ended: findings of grade alert that still wait for their first look, as they are.
  std::vector<Finding> waiting() const;

 private:
  struct Case {
    Finding latest;  // as the detector said
    Evidence evidence;
    int looks = 0;       // that have come back
    bool asked = false;  // one is under way
    bool asked_as_alert = false;
    double level = 0;  // of the series when the last look was asked for
  };
  [[nodiscard]] static bool wants_look(const Case& state, const Finding& finding);
  void add_evidence(const Case& state, Finding& finding) const;
  [[nodiscard]] bool is_waiting(const std::string& detector) const;

  std::map<std::string, Case> cases_;
};

}  // namespace soakwatch
