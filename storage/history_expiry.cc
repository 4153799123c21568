#include "storage/history_expiry.h"

#include <fmt/format.h>

#include <limits>
#include <vector>

#include "storage/alert_row.h"
#include "storage/row_cursor.h"

namespace soakwatch {
namespace {

constexpr int kEventsPerStep = 50;
// Of a process that runs, whatever their age: what comes and goes for months is not kept for ever.
constexpr int kEventsKeptOfProcess = 1000;
// Of a history: each is some KiB, with gates and stacks.
constexpr int kChangesPerStep = 10;
constexpr int kUnitsPerChange = 4;

}  // namespace

void HistoryExpiry::begin_events() {
  event_time_ms_ = std::numeric_limits<std::int64_t>::min();
  event_ = 0;
}

bool HistoryExpiry::step_events(std::int64_t expiry_ms, SliceWork& work) {
  SQLite::Statement select(
      db_, fmt::format("SELECT id, time_ms, "
                       "(EXISTS (SELECT 1 FROM instances i WHERE i.id = e.instance_id AND "
                       "i.ended_ms IS NULL) AND "
                       "(SELECT count(*) FROM (SELECT 1 FROM events n WHERE "
                       "n.instance_id = e.instance_id AND n.id > e.id LIMIT {})) < {}) OR "
                       "EXISTS (SELECT 1 FROM alerts WHERE instance_id = e.instance_id AND {}) "
                       "FROM events e WHERE (time_ms, id) > (?, ?) AND time_ms < ? "
                       "ORDER BY time_ms, id LIMIT ?",
                       kEventsKeptOfProcess, kEventsKeptOfProcess, kAlertIsOpen));
  ParameterCursor p(select);
  p.integer(event_time_ms_);
  p.integer(event_);
  p.integer(expiry_ms);
  const int limit = work.step_units(kEventsPerStep);
  p.integer(limit);
  int looked = 0;
  std::vector<std::int64_t> old;
  for (; select.executeStep(); ++looked) {
    ColumnCursor column(select);
    event_ = column.integer();
    event_time_ms_ = column.integer();
    if (column.integer() == 0) old.push_back(event_);
  }
  SQLite::Statement remove(db_, "DELETE FROM events WHERE id = ?");
  for (const std::int64_t id : old) {
    remove.tryReset();
    remove.bind(1, id);
    remove.exec();
  }
  work.done.units += looked + 1;
  return looked == limit;
}

void HistoryExpiry::begin_alerts() {
  surplus_alerts_ =
      db_.execAndGet(fmt::format("SELECT count(*) FROM alerts WHERE {}", kAlertIsOver)).getInt64() -
      limit_alerts_;
}

bool HistoryExpiry::step_alerts(std::int64_t expiry_ms, SliceWork& work) {
  ++work.done.units;
  SQLite::Statement select(
      db_, fmt::format("SELECT id FROM alerts WHERE {} AND updated_ms < ? AND "
                       "id < (SELECT max(id) FROM alerts) ORDER BY updated_ms, id LIMIT 1",
                       kAlertIsOver));
  select.bind(1, surplus_alerts_ > 0 ? std::numeric_limits<std::int64_t>::max() : expiry_ms);
  if (!select.executeStep()) return false;
  const std::int64_t alert = ColumnCursor(select).integer();
  SQLite::Statement changes(db_,
                            "DELETE FROM alert_history WHERE id IN (SELECT id FROM alert_history "
                            "WHERE alert_id = ? ORDER BY id LIMIT ?)");
  changes.bind(1, alert);
  changes.bind(2, kChangesPerStep);
  const int deleted = changes.exec();
  work.done.units += deleted * kUnitsPerChange;
  if (deleted == kChangesPerStep) return true;  // there may be more of them
  SQLite::Statement remove(db_, "DELETE FROM alerts WHERE id = ?");
  remove.bind(1, alert);
  remove.exec();
  work.done.units += kUnitsPerChange;
  ++work.done.expired_rows;
  --surplus_alerts_;
  return true;
}

}  // namespace soakwatch
