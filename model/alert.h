// An alert is a finding with a life: inactive -> pending -> firing <-> plateau -> resolved.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/finding.h"
#include "model/sample.h"

namespace soakwatch {

// Pending: a suspicion, or an alert that has not held for as long as the user asks. Plateau: it
// fired, and what grew has stopped without being given back.
enum class AlertState : std::uint8_t { kInactive, kPending, kFiring, kPlateau, kResolved };
std::string_view to_string(AlertState state);
std::optional<AlertState> alert_state_from_string(std::string_view text);

struct Alert {
  AlertId id = 0;
  TargetId target = 0;
  std::string target_name;
  InstanceId instance = 0;
  int pid = 0;
  AlertState state = AlertState::kInactive;
  Finding finding;         // the latest
  WallTime updated;        // when it was found, or the state changed
  WallTime pending_since;  // when the condition was first seen
  // Pending: since when each finding was of grade alert and growing; a suspicion has none.
  std::optional<WallTime> alert_since;
  std::optional<WallTime> fired_at;  // for the first time
  std::optional<WallTime> resolved_at;
  std::optional<WallTime> quiet_since;  // fired, but the condition is absent since then
  // Whether it is for the notifiers. A child of an alert that fired is not: its root tells of it.
  bool told = false;
};

// One change of state, or news of an alert that stays firing (`from` is its state then): what is
// stored as history and handed to notifiers. No repeats: a transition is made once.
struct AlertTransition {
  Alert alert;  // after the change
  AlertState from = AlertState::kInactive;
  WallTime time;
  std::string reason;  // "held for 5m", "process ended", ...
};

}  // namespace soakwatch
