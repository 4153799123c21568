#include "storage/id_registry.h"

#include <SQLiteCpp/Statement.h>

#include "storage/row_cursor.h"

namespace soakwatch {
namespace {

std::int64_t last_id(SQLite::Database& db, const std::string& table) {
  return db.execAndGet("SELECT coalesce(max(id), 0) FROM " + table).getInt64();
}

}  // namespace

std::size_t IdRegistry::InstanceKeyHash::operator()(const InstanceKey& key) const noexcept {
  // Mixed with the multiplier of Knuth's multiplicative hashing, 2^64 / golden ratio.
  constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15U;
  std::uint64_t hash = static_cast<std::uint64_t>(key.target);
  hash = (hash + key.start_ticks) * kGolden;
  hash = (hash ^ (hash >> 32U)) + static_cast<std::uint64_t>(key.pid);
  hash = (hash + (static_cast<std::uint64_t>(key.boot) << 32U)) * kGolden;
  return hash ^ (hash >> 32U);
}

IdRegistry::IdRegistry(SQLite::Database& db) {
  SQLite::Statement targets(db, "SELECT id, name FROM targets");
  while (targets.executeStep()) {
    ColumnCursor column(targets);
    const TargetId id = column.integer();
    targets_.emplace(column.text(), id);
  }
  SQLite::Statement instances(db, "SELECT id, target_id, boot_id, pid, start_ticks FROM instances");
  while (instances.executeStep()) {
    ColumnCursor column(instances);
    const InstanceId id = column.integer();
    const TargetId target = column.integer();
    ProcessId process;
    process.boot_id = column.text();
    process.pid = static_cast<pid_t>(column.integer());
    process.start_ticks = static_cast<std::uint64_t>(column.integer());
    instances_.emplace(key_of(target, process), id);
    targets_with_instances_.insert(target);
  }
  last_target_ = last_id(db, "targets");
  last_instance_ = last_id(db, "instances");
  last_sample_ = last_id(db, "samples");
  last_event_ = last_id(db, "events");
  last_alert_ = last_id(db, "alerts");
  last_history_ = last_id(db, "alert_history");
  last_capture_ = last_id(db, "captures");
}

IdRegistry::InstanceKey IdRegistry::key_of(TargetId target, const ProcessId& process) {
  const auto next = static_cast<std::uint32_t>(boots_.size());
  const std::uint32_t boot = boots_.try_emplace(process.boot_id, next).first->second;
  return {target, process.start_ticks, process.pid, boot};
}

IdRegistry::Entry IdRegistry::target(const std::string& name) {
  const auto [found, made] = targets_.try_emplace(name, last_target_ + 1);
  if (made) ++last_target_;
  return {found->second, !made};
}

std::optional<TargetId> IdRegistry::known_target(const std::string& name) const {
  const auto found = targets_.find(name);
  return found == targets_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::string> IdRegistry::target_name(TargetId id) const {
  for (const auto& [name, known] : targets_) {
    if (known == id) return name;
  }
  return std::nullopt;
}

IdRegistry::Entry IdRegistry::instance(TargetId target, const ProcessId& process) {
  const auto [found, made] = instances_.try_emplace(key_of(target, process), last_instance_ + 1);
  if (made) ++last_instance_;
  targets_with_instances_.insert(target);
  return {found->second, !made};
}

void IdRegistry::forget(const std::vector<InstanceId>& instances) {
  if (instances.empty()) return;
  const std::unordered_set<InstanceId> gone(instances.begin(), instances.end());
  std::erase_if(instances_, [&](const auto& known) { return gone.contains(known.second); });
}

bool IdRegistry::has_instances(TargetId target) const {
  return targets_with_instances_.count(target) > 0;
}

}  // namespace soakwatch
