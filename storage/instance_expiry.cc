#include "storage/instance_expiry.h"

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "model/timestamp.h"
#include "storage/row_cursor.h"

namespace soakwatch {
namespace {

constexpr milliseconds kShortLife = std::chrono::hours(1);
// Instances that are looked at in a step: some searches in indexes each.
constexpr int kInstancesPerStep = 50;
constexpr int kUnitsPerLook = 10;
constexpr int kRowsPerStep = 50;
constexpr int kUnitsPerInstance = 4;

const std::string kHasNoEvidence =
    " NOT EXISTS (SELECT 1 FROM alerts WHERE instance_id = i.id)"
    " AND NOT EXISTS (SELECT 1 FROM captures WHERE instance_id = i.id)";

}  // namespace

bool InstanceExpiry::step_orphans(std::int64_t expiry_ms, SliceWork& work) {
  SQLite::Statement select(db_,
                           "SELECT id, coalesce(ended_ms < ?, 0)"
                           " AND NOT EXISTS (SELECT 1 FROM samples WHERE instance_id = i.id)"
                           " AND NOT EXISTS (SELECT 1 FROM minutes WHERE instance_id = i.id)"
                           " AND NOT EXISTS (SELECT 1 FROM hours WHERE instance_id = i.id) AND" +
                               kHasNoEvidence +
                               " FROM instances i WHERE id > ? ORDER BY id LIMIT ?");
  select.bind(1, expiry_ms);
  select.bind(2, cursor_);
  select.bind(3, kInstancesPerStep);
  int looked = 0;
  InstanceId last = cursor_;
  std::vector<InstanceId> orphans;
  for (; select.executeStep(); ++looked) {
    ColumnCursor column(select);
    last = column.integer();
    if (column.integer() != 0) orphans.push_back(last);
  }
  work.done.units += kUnitsPerLook;
  for (const InstanceId orphan : orphans) {
    // The rest of them, or of its events, comes with the next step.
    if (!remove(orphan, work) || work.is_over()) return true;
  }
  cursor_ = last;
  return looked == kInstancesPerStep;
}

void InstanceExpiry::begin_crowd() {
  cursor_ = 0;
  surplus_ = db_.execAndGet("SELECT count(*) FROM instances").getInt64() - limit_instances_;
}

bool InstanceExpiry::step_crowd(SliceWork& work) {
  work.done.units += kUnitsPerLook;
  if (surplus_ <= 0) return false;
  SQLite::Statement select(db_, "SELECT id, coalesce(ended_ms - first_seen_ms < ?, 0) AND" +
                                    kHasNoEvidence +
                                    " FROM instances i WHERE id > ? ORDER BY id LIMIT ?");
  select.bind(1, kShortLife.count());
  select.bind(2, cursor_);
  select.bind(3, kInstancesPerStep);
  std::vector<std::pair<InstanceId, bool>> looked;
  while (select.executeStep()) {
    ColumnCursor column(select);
    const InstanceId id = column.integer();
    looked.emplace_back(id, column.integer() != 0);
  }
  for (const auto& [id, is_short] : looked) {
    if (is_short) {
      if (surplus_ <= 0) return false;
      if (!remove(id, work)) return true;
      --surplus_;
    }
    cursor_ = id;
    if (work.is_over()) return true;
  }
  return looked.size() == kInstancesPerStep;
}

bool InstanceExpiry::remove(InstanceId instance, SliceWork& work) {
  int left = kRowsPerStep;
  for (const char* table : {"samples", "minutes", "hours", "events"}) {
    SQLite::Statement remove(db_,
                             fmt::format("DELETE FROM {0} WHERE rowid IN (SELECT rowid FROM {0} "
                                         "WHERE instance_id = ? LIMIT ?)",
                                         table));
    remove.bind(1, instance);
    remove.bind(2, left);
    const int deleted = remove.exec();
    work.done.units += deleted;
    work.done.expired_rows += deleted;
    left -= deleted;
    if (left <= 0) return false;
  }
  SQLite::Statement remove(db_, "DELETE FROM instances WHERE id = ?");
  remove.bind(1, instance);
  remove.exec();
  work.done.units += kUnitsPerInstance;
  work.done.removed_instances.push_back(instance);
  return true;
}

}  // namespace soakwatch
