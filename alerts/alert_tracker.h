// The life of alerts: inactive -> pending -> firing -> resolved. A pure state machine: no clock, no
// I/O.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "model/alert.h"

namespace soakwatch {

struct AlertOptions {
  milliseconds hold{0};             // pending for so long before it fires (`for`)
  milliseconds keep_firing_for{0};  // stays firing for so long after the condition went
};

// Whose finding it is.
struct AlertSubject {
  TargetId target = 0;
  std::string target_name;
  InstanceId instance = 0;
  int pid = 0;
};

// Not thread-safe. Identity of an alert: (instance, detector); at most one open alert each.
class AlertTracker {
 public:
  AlertTracker(AlertOptions options, std::function<AlertId()> next_id);

  // Open alerts from the store, after a restart of the daemon. They neither fire again nor vanish.
  void restore(const std::vector<Alert>& open_alerts);

  // The detector's condition holds (now). Returns the changes of state, each exactly once.
  std::vector<AlertTransition> condition_holds(const AlertSubject& subject, const Finding& finding,
                                               WallTime now);
  // The detector judged, and the condition does not hold.
  std::vector<AlertTransition> condition_absent(const AlertSubject& subject,
                                                const std::string& detector, WallTime now);
  // The instance ended: its open alerts are resolved, pending ones become inactive.
  std::vector<AlertTransition> instance_ended(InstanceId instance, WallTime now,
                                              const std::string& reason);

  // Pending and firing ones.
  [[nodiscard]] std::vector<Alert> open_alerts() const;

 private:
  struct Key {
    InstanceId instance;
    std::string detector;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  AlertOptions options_;
  std::function<AlertId()> next_id_;
  std::map<Key, Alert> open_;
};

}  // namespace soakwatch
