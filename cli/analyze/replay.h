// Recorded samples of any number of targets and processes, judged by the detectors and the alert
// tracker that the daemon has, and what they say of the whole.
//
// It stands in cli/ because it brings detectors and alerts together, which only daemon/ and cli/
// may do, and the daemon has no use for it.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "cli/analyze/analysis.h"
#include "cli/analyze/instance_replay.h"
#include "config/config.h"
#include "model/process_id.h"
#include "model/result.h"
#include "model/sample.h"

namespace soakwatch {

// Memory is bounded whatever the data: so many processes at a time, and so many results. Not
// thread-safe.
class Replay {
 public:
  static constexpr std::size_t kMostOpenInstances = 256;
  static constexpr std::size_t kMostListedInstances = 1000;
  static constexpr std::size_t kMostListedAlerts = 2000;
  static constexpr std::size_t kMostListedObservations = 2000;

  // `config` must outlive it: its detection, sampling, pprof and alerts count.
  explicit Replay(const Config& config) : config_(config) {}

  // The shortest block that is judged.
  [[nodiscard]] milliseconds block() const { return config_.detection.block; }

  // One instance whose process is known, as a database has it. begin() ends the one before it.
  void begin(const std::string& target, const ProcessInfo& process);
  void add(WallTime time, milliseconds monotonic, const MetricValues& values);
  // Of the instance that was begun: the process ended, as its recorder saw.
  void ended(const std::string& reason);

  // A row of a file, which tells its process by target and pid alone. Several may be mixed; a
  // restart is a new pid, or processor time that falls. Error kTooLarge: more than
  // kMostOpenInstances at a time.
  Result<void> add_row(const std::string& target, int pid, WallTime time,
                       const MetricValues& values);

  // Ends what is open, and says what all of it means. Once.
  Analysis finish();

 private:
  struct Open {
    std::pair<std::string, int> key;  // target and pid
    InstanceReplay replay;
    std::optional<double> cpu_seconds;
    std::optional<std::string> end_reason;
  };
  using OpenList = std::list<Open>;  // the latest used first

  OpenList::iterator open(const std::string& target, const ProcessInfo& process);
  // Gives back a slot: that of the process which has been silent for longest.
  Result<void> make_room(WallTime now);
  void close(OpenList::iterator instance);
  void collect(InstanceOutcome outcome);

  const Config& config_;
  OpenList open_;
  std::map<std::pair<std::string, int>, OpenList::iterator> by_key_;
  std::int64_t last_alert_ = 0;
  bool leaks_ = false;
  bool suspected_ = false;
  bool has_full_window_ = false;
  Analysis analysis_;
};

}  // namespace soakwatch
