// An alert is a finding with a life: inactive -> pending -> firing -> resolved.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/finding.h"
#include "model/sample.h"

namespace soakwatch {

enum class AlertState : std::uint8_t { kInactive, kPending, kFiring, kResolved };
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
  WallTime pending_since;  // when the condition was first seen
  std::optional<WallTime> fired_at;
  std::optional<WallTime> resolved_at;
  std::optional<WallTime> quiet_since;  // firing, but the condition is absent since then
};

// One change of state: what is stored as history and handed to notifiers. No repeats: a transition
// is made once.
struct AlertTransition {
  Alert alert;  // after the change
  AlertState from = AlertState::kInactive;
  WallTime time;
  std::string reason;  // "held for 5m", "process ended", ...
};

}  // namespace soakwatch
