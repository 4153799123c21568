// The life of alerts: inactive -> pending -> firing <-> plateau -> resolved. A pure state machine:
// no clock, no I/O.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "model/alert.h"

namespace soakwatch {

struct AlertOptions {
  milliseconds hold{0};             // of grade alert for so long before it fires (`for`)
  milliseconds keep_firing_for{0};  // stays firing for so long after the condition went
};

// Whose finding it is.
struct AlertSubject {
  TargetId target = 0;
  std::string target_name;
  InstanceId instance = 0;
  int pid = 0;
};

// Not thread-safe. Identity of an alert: (instance, detector); at most one open alert each. An
// alert that was resolved or became inactive is over: the condition, when it comes back, opens a
// new one with a new id.
//
// A suspicion stays pending; only findings of grade alert whose phase is growing count for `hold`.
// A plateau opens no alert, and ends one that is only pending. What fired never goes back to
// pending: when the growth stops without being given back it becomes a plateau, and fires again
// when a finding of grade alert says that it grows again.
//
// An open alert keeps its finding up to date: the latest figures, with the base of the first
// finding and the earliest `since`, so that they tell the whole growth, and with the gates of the
// finding that it fired on. The severity never falls while the alert is open, nor the grade after
// it fired; a cause, a root, culprits and what was ruled out stay until a later finding names
// others.
//
// A firing alert has news, a transition from firing to firing, when its severity rises to critical,
// and when the root that spoke for it is over, or has stopped and explains it no longer.
//
// Durations are measured on the wall times passed in, for they must outlive the daemon. A wall
// clock that was set back counts as no time passed: the wait under way starts again at `now`, so
// that a step, however large, delays a change by at most one more `hold` or `keep_firing_for`. A
// step ahead may bring a change early.
class AlertTracker {
 public:
  // `next_id` gives an id never used before; called once for each new alert.
  AlertTracker(AlertOptions options, std::function<AlertId()> next_id);

  // Open alerts from the store, after a restart of the daemon. They neither fire again nor vanish,
  // and waits go on from where they were. Alerts that are not open are passed over; of several with
  // one identity the newest id counts.
  void restore(const std::vector<Alert>& open_alerts);

  // The detector's condition holds (now). Returns the changes in their order, each exactly once; a
  // new alert with no `hold` becomes pending and firing in one call. A root comes before what it
  // explains.
  std::vector<AlertTransition> condition_holds(const AlertSubject& subject, const Finding& finding,
                                               WallTime now);
  // The detector judged, and the condition does not hold. A pending alert becomes inactive, one
  // that fired is resolved after `keep_firing_for` of this.
  std::vector<AlertTransition> condition_absent(const AlertSubject& subject,
                                                const std::string& detector, WallTime now);
  // The instance ended: its open alerts are resolved, pending ones become inactive.
  std::vector<AlertTransition> instance_ended(InstanceId instance, WallTime now,
                                              const std::string& reason);

  // The open alert of a detector; null where there is none. Valid until the next call that changes.
  [[nodiscard]] const Alert* open_alert(InstanceId instance, const std::string& detector) const;
  [[nodiscard]] bool has_open(InstanceId instance) const;
  // Pending, firing and plateau.
  [[nodiscard]] std::vector<Alert> open_alerts() const;

 private:
  using Key = std::pair<InstanceId, std::string>;  // the string: the detector's name
  void hold_or_fire(Alert& alert, WallTime now, std::vector<AlertTransition>& changes) const;
  // The alert that this one is a child of has fired, is not over, and tells as much: a child that
  // is critical speaks for itself where its root is not, and so does one that grows on where its
  // root has stopped and its latest finding names it no more.
  [[nodiscard]] bool root_speaks(const Alert& alert, const Finding& latest) const;

  AlertOptions options_;
  std::function<AlertId()> next_id_;
  std::map<Key, Alert> open_;
};

}  // namespace soakwatch
