// A tracker with ids from 101 on, somebody whose findings it gets, and what its answers look like.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "alerts/alert_tracker.h"
#include "example_alerts.h"

namespace soakwatch {

inline const WallTime kStart = at("2026-11-20T09:00:00Z");

using Change = std::pair<AlertState, AlertState>;
inline std::vector<Change> changes_of(const std::vector<AlertTransition>& transitions) {
  std::vector<Change> out;
  out.reserve(transitions.size());
  for (const auto& t : transitions) out.emplace_back(t.from, t.alert.state);
  return out;
}
MATCHER_P2(Changes, from, to, "") {
  return changes_of(arg) == std::vector<Change>{Change(from, to)};
}

class AlertTrackerTest : public ::testing::Test {
 protected:
  AlertTracker tracker(milliseconds hold, milliseconds keep_firing_for) {
    return AlertTracker({hold, keep_firing_for}, [this] { return ++last_id_; });
  }
  AlertId last_id_ = 100;
  AlertSubject subject_{2, "sidecar", 3, 1234};
  Finding finding_ = example_finding();
};

}  // namespace soakwatch
