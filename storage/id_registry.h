// Row ids, given out in memory so that nobody waits for the disk. Not thread-safe: its owner has
// the mutex.
#pragma once

#include <SQLiteCpp/Database.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "model/capture.h"
#include "model/process_id.h"
#include "model/sample.h"

namespace soakwatch {

class IdRegistry {
 public:
  // Throws SQLite::Exception.
  explicit IdRegistry(SQLite::Database& db);

  struct Entry {
    std::int64_t id = 0;
    bool known = false;
  };
  Entry target(const std::string& name);
  [[nodiscard]] std::optional<TargetId> known_target(const std::string& name) const;
  [[nodiscard]] std::optional<std::string> target_name(TargetId id) const;
  Entry instance(TargetId target, const ProcessId& process);
  [[nodiscard]] bool has_instances(TargetId target) const;
  // Of instances whose rows were deleted. One that comes again gets a new id.
  void forget(const std::vector<InstanceId>& instances);

  std::int64_t next_sample() { return ++last_sample_; }
  std::int64_t next_event() { return ++last_event_; }
  AlertId next_alert() { return ++last_alert_; }
  std::int64_t next_history() { return ++last_history_; }
  CaptureId next_capture() { return ++last_capture_; }
  [[nodiscard]] std::int64_t last_sample() const { return last_sample_; }

 private:
  // The boot id as a small number: a long history has many instances and few boots.
  struct InstanceKey {
    TargetId target = 0;
    std::uint64_t start_ticks = 0;
    pid_t pid = 0;
    std::uint32_t boot = 0;
    friend bool operator==(const InstanceKey&, const InstanceKey&) = default;
  };
  struct InstanceKeyHash {
    std::size_t operator()(const InstanceKey& key) const noexcept;
  };
  InstanceKey key_of(TargetId target, const ProcessId& process);

  std::unordered_map<std::string, TargetId> targets_;
  std::unordered_map<std::string, std::uint32_t> boots_;
  std::unordered_map<InstanceKey, InstanceId, InstanceKeyHash> instances_;
  std::unordered_set<TargetId> targets_with_instances_;
  std::int64_t last_target_ = 0;
  std::int64_t last_instance_ = 0;
  std::int64_t last_sample_ = 0;
  std::int64_t last_event_ = 0;
  std::int64_t last_alert_ = 0;
  std::int64_t last_history_ = 0;
  CaptureId last_capture_ = 0;
};

}  // namespace soakwatch
