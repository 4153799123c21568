#include "alerts/alert_tracker.h"

#include <algorithm>
#include <utility>

namespace soakwatch {
namespace {

// Time since `start`, which moves to `now` where the clock was set back behind it.
milliseconds elapsed_since(WallTime& start, WallTime now) {
  start = std::min(start, now);
  return now - start;
}

Alert new_alert(AlertId id, const AlertSubject& subject, const Finding& finding, WallTime now) {
  Alert alert;
  alert.id = id;
  alert.target = subject.target;
  alert.target_name = subject.target_name;
  alert.instance = subject.instance;
  alert.pid = subject.pid;
  alert.finding = finding;
  alert.pending_since = now;
  return alert;
}

// Takes over the latest figures. What the alert was raised on stays: base, beginning and gates.
void update(Finding& known, const Finding& latest) {
  const double base = known.base;
  const WallTime since = std::min(known.since, latest.since);
  const Severity severity = std::max(known.severity, latest.severity);
  auto gates = std::move(known.gates);
  known = latest;
  known.gates = std::move(gates);
  known.base = base;
  known.since = since;
  known.severity = severity;
}

AlertTransition change(Alert& alert, AlertState to, WallTime now, std::string reason) {
  const AlertState from = std::exchange(alert.state, to);
  if (to == AlertState::kFiring) alert.fired_at = now;
  if (to == AlertState::kResolved) alert.resolved_at = now;
  return {alert, from, now, std::move(reason)};
}

// What an open alert becomes when it is over: only what fired can be resolved.
AlertState end_state(const Alert& alert) {
  return alert.state == AlertState::kFiring ? AlertState::kResolved : AlertState::kInactive;
}

bool is_open(const Alert& alert) {
  return alert.state == AlertState::kPending || alert.state == AlertState::kFiring;
}

}  // namespace

AlertTracker::AlertTracker(AlertOptions options, std::function<AlertId()> next_id)
    : options_(options), next_id_(std::move(next_id)) {}

void AlertTracker::restore(const std::vector<Alert>& open_alerts) {
  for (const Alert& alert : open_alerts) {
    if (!is_open(alert)) continue;
    const auto [at, is_new] = open_.try_emplace({alert.instance, alert.finding.detector}, alert);
    if (!is_new && at->second.id < alert.id) at->second = alert;
  }
}

std::vector<AlertTransition> AlertTracker::condition_holds(const AlertSubject& subject,
                                                           const Finding& finding, WallTime now) {
  std::vector<AlertTransition> changes;
  const Key key{subject.instance, finding.detector};
  auto at = open_.find(key);
  if (at == open_.end()) {
    at = open_.emplace(key, new_alert(next_id_(), subject, finding, now)).first;
    changes.push_back(change(at->second, AlertState::kPending, now, "condition holds"));
  }
  Alert& alert = at->second;
  update(alert.finding, finding);
  alert.quiet_since.reset();
  if (alert.state == AlertState::kPending) {
    const milliseconds held = elapsed_since(alert.pending_since, now);
    if (held >= options_.hold) {
      changes.push_back(change(alert, AlertState::kFiring, now,
                               options_.hold > milliseconds(0) ? "held for " + format_duration(held)
                                                               : "condition holds"));
    }
  }
  return changes;
}

std::vector<AlertTransition> AlertTracker::condition_absent(const AlertSubject& subject,
                                                            const std::string& detector,
                                                            WallTime now) {
  const auto at = open_.find({subject.instance, detector});
  if (at == open_.end()) return {};
  Alert& alert = at->second;
  std::string reason = "condition absent";
  if (alert.state == AlertState::kFiring) {
    if (!alert.quiet_since) alert.quiet_since = now;
    const milliseconds quiet = elapsed_since(*alert.quiet_since, now);
    if (quiet < options_.keep_firing_for) return {};
    if (options_.keep_firing_for > milliseconds(0)) reason += " for " + format_duration(quiet);
  }
  std::vector<AlertTransition> changes{change(alert, end_state(alert), now, std::move(reason))};
  open_.erase(at);
  return changes;
}

std::vector<AlertTransition> AlertTracker::instance_ended(InstanceId instance, WallTime now,
                                                          const std::string& reason) {
  std::vector<AlertTransition> changes;
  auto at = open_.lower_bound({instance, std::string()});
  while (at != open_.end() && at->first.first == instance) {
    changes.push_back(change(at->second, end_state(at->second), now, reason));
    at = open_.erase(at);
  }
  return changes;
}

const Alert* AlertTracker::open_alert(InstanceId instance, const std::string& detector) const {
  const auto at = open_.find({instance, detector});
  return at == open_.end() ? nullptr : &at->second;
}

std::vector<Alert> AlertTracker::open_alerts() const {
  std::vector<Alert> alerts;
  alerts.reserve(open_.size());
  for (const auto& [key, alert] : open_) alerts.push_back(alert);
  return alerts;
}

}  // namespace soakwatch
