#include "alerts/alert_tracker.h"

#include <algorithm>
#include <utility>

#include "model/printable.h"

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
  alert.updated = now;
  alert.pending_since = now;
  return alert;
}

bool fired(const Alert& alert) {
  return alert.state == AlertState::kFiring || alert.state == AlertState::kPlateau;
}

bool is_open(const Alert& alert) { return alert.state == AlertState::kPending || fired(alert); }

// Of grade alert, and still growing: what makes an alert fire.
bool is_alarming(const Finding& finding) {
  return finding.grade == Grade::kAlert && finding.phase == Phase::kGrowing;
}

// Takes over the latest figures; what the alert was raised on stays.
void update(Alert& alert, const Finding& latest) {
  const Finding known = std::exchange(alert.finding, latest);
  Finding& now = alert.finding;
  now.base = known.base;
  now.since = std::min(known.since, latest.since);
  now.severity = std::max(known.severity, latest.severity);
  if (fired(alert)) {
    now.grade = Grade::kAlert;
    now.gates = known.gates;
  }
  if (latest.cause.empty()) now.cause = known.cause;
  if (latest.root.empty()) now.root = known.root;
  if (latest.ruled_out.empty()) now.ruled_out = known.ruled_out;
  if (latest.culprits.empty()) now.culprits = known.culprits;
  if (latest.probe.empty()) now.probe = known.probe;
}

AlertTransition change(Alert& alert, AlertState to, WallTime now, std::string reason) {
  const AlertState from = std::exchange(alert.state, to);
  alert.updated = now;
  if (to == AlertState::kFiring && !alert.fired_at) alert.fired_at = now;
  if (to == AlertState::kResolved) alert.resolved_at = now;
  return {alert, from, now, std::move(reason)};
}

// What an open alert becomes when it is over: only what fired can be resolved.
AlertState end_state(const Alert& alert) {
  return fired(alert) ? AlertState::kResolved : AlertState::kInactive;
}

std::string critical_reason(const Finding& finding) {
  if (!finding.limit) return "became critical";
  return "reaches " + finding.limit->name + " in " + format_duration(finding.limit->time_left);
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
    if (finding.phase == Phase::kPlateau) return changes;
    at = open_.emplace(key, new_alert(next_id_(), subject, finding, now)).first;
    changes.push_back(change(
        at->second, AlertState::kPending, now,
        finding.grade == Grade::kAlert ? "condition holds" : "suspicion: " + finding.summary));
  }
  Alert& alert = at->second;
  const Severity before = alert.finding.severity;
  update(alert, finding);
  alert.updated = now;
  alert.quiet_since.reset();
  switch (alert.state) {
    case AlertState::kPending:
      if (finding.phase == Phase::kPlateau) {
        changes.push_back(change(alert, AlertState::kInactive, now, "stopped growing"));
        open_.erase(at);
        break;
      }
      hold_or_fire(alert, now, changes);
      break;
    case AlertState::kPlateau:
      if (!is_alarming(finding)) break;
      alert.finding.gates = finding.gates;
      alert.told = alert.told || !root_speaks(alert, finding);
      changes.push_back(
          change(alert, AlertState::kFiring, now,
                 "grows again: " + format_value(finding.metric, finding.current) + " by now"));
      break;
    case AlertState::kFiring:
      if (finding.phase == Phase::kPlateau) {
        changes.push_back(
            change(alert, AlertState::kPlateau, now, "stopped growing, not given back"));
      } else if (before < Severity::kCritical && alert.finding.severity == Severity::kCritical) {
        alert.told = alert.told || !root_speaks(alert, finding);
        changes.push_back(change(alert, AlertState::kFiring, now, critical_reason(alert.finding)));
      } else if (!alert.told && !root_speaks(alert, finding)) {
        alert.told = true;
        std::string reason =
            "no longer explained by " + std::exchange(alert.finding.root, finding.root);
        changes.push_back(change(alert, AlertState::kFiring, now, std::move(reason)));
      }
      break;
    case AlertState::kInactive:
    case AlertState::kResolved:
      break;  // never among the open ones
  }
  return changes;
}

void AlertTracker::hold_or_fire(Alert& alert, WallTime now,
                                std::vector<AlertTransition>& changes) const {
  if (!is_alarming(alert.finding)) {
    alert.alert_since.reset();
    return;
  }
  const bool was_suspicion = !alert.alert_since && changes.empty();
  if (!alert.alert_since) alert.alert_since = now;
  const milliseconds held = elapsed_since(*alert.alert_since, now);
  if (held < options_.hold) return;
  std::string reason = "condition holds";
  if (was_suspicion) reason = "more than a suspicion now";
  if (options_.hold > milliseconds(0)) reason = "held for " + format_duration(held);
  alert.told = !root_speaks(alert, alert.finding);
  changes.push_back(change(alert, AlertState::kFiring, now, std::move(reason)));
}

bool AlertTracker::root_speaks(const Alert& alert, const Finding& latest) const {
  if (alert.finding.root.empty()) return false;
  const Alert* root = open_alert(alert.instance, alert.finding.root);
  if (root == nullptr || root == &alert || !fired(*root)) return false;
  const bool is_critical = alert.finding.severity == Severity::kCritical;
  if (is_critical && root->finding.severity < Severity::kCritical) return false;
  // What stopped does not explain what goes on, unless the signals still say so.
  return root->state == AlertState::kFiring || !latest.root.empty() || !is_alarming(latest);
}

std::vector<AlertTransition> AlertTracker::condition_absent(const AlertSubject& subject,
                                                            const std::string& detector,
                                                            WallTime now) {
  const auto at = open_.find({subject.instance, detector});
  if (at == open_.end()) return {};
  Alert& alert = at->second;
  std::string reason = "condition absent";
  if (fired(alert)) {
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

bool AlertTracker::has_open(InstanceId instance) const {
  const auto at = open_.lower_bound({instance, std::string()});
  return at != open_.end() && at->first.first == instance;
}

std::vector<Alert> AlertTracker::open_alerts() const {
  std::vector<Alert> alerts;
  alerts.reserve(open_.size());
  for (const auto& [key, alert] : open_) alerts.push_back(alert);
  return alerts;
}

}  // namespace soakwatch
