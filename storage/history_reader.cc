// Events, alerts, captures, and how the daemon does.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "storage/alert_row.h"
#include "storage/capture_row.h"
#include "storage/reader_impl.h"
#include "storage/row_cursor.h"

namespace soakwatch {

Result<std::vector<Event>> SampleReader::events(std::optional<TargetId> target,
                                                std::optional<WallTime> since, std::size_t limit) {
  return impl_->guarded([&]() -> Result<std::vector<Event>> {
    SQLite::Statement select(
        *impl_->db, fmt::format("SELECT time_ms, kind, target_id, instance_id, detail FROM events "
                                "WHERE time_ms >= ? {} ORDER BY time_ms DESC, id DESC LIMIT ?",
                                target ? "AND target_id IS ?" : ""));
    ParameterCursor p(select);
    p.integer(since ? to_unix_ms(*since) : std::numeric_limits<std::int64_t>::min());
    if (target) p.reference(*target);
    p.integer(static_cast<std::int64_t>(limit));
    std::vector<Event> events;
    while (select.executeStep()) {
      ColumnCursor column(select);
      Event event;
      event.time = column.time();
      const std::optional<EventKind> kind = event_kind_from_string(column.text());
      event.target = column.integer();
      event.instance = column.integer();
      event.detail = column.text();
      if (!kind) continue;  // of a newer program
      event.kind = *kind;
      events.push_back(std::move(event));
    }
    std::reverse(events.begin(), events.end());
    return events;
  });
}

Result<std::optional<ClockReading>> SampleReader::clock() {
  return impl_->guarded([&]() -> Result<std::optional<ClockReading>> {
    SQLite::Statement select(*impl_->db, "SELECT wall_ms, ahead_ms, steady_ms FROM clock");
    if (!select.executeStep()) return std::optional<ClockReading>();
    ColumnCursor column(select);
    ClockReading reading;
    reading.wall = column.time();
    reading.ahead = milliseconds(column.integer());
    reading.steady = milliseconds(column.integer());
    return std::optional(reading);
  });
}

Result<std::optional<DaemonStats>> SampleReader::daemon_stats() {
  return impl_->guarded([&]() -> Result<std::optional<DaemonStats>> {
    std::string columns = "time_ms, pid";
    for (const auto& figure : all_daemon_figures()) columns += fmt::format(", {}", figure.name);
    SQLite::Statement select(*impl_->db,
                             "SELECT " + columns + " FROM daemon_stats ORDER BY id DESC LIMIT 1");
    if (!select.executeStep()) return std::optional<DaemonStats>();
    ColumnCursor column(select);
    DaemonStats stats;
    stats.time = column.time();
    stats.pid = column.integer();
    for (const auto& figure : all_daemon_figures()) stats.set(figure.id, column.optional_real());
    return std::optional(stats);
  });
}

Result<std::vector<WallTime>> SampleReader::program_changes(InstanceId instance) {
  return impl_->guarded([&]() -> Result<std::vector<WallTime>> {
    SQLite::Statement select(
        *impl_->db,
        "SELECT time_ms FROM events WHERE instance_id = ? AND kind = ? ORDER BY time_ms, id");
    const std::string kind(to_string(EventKind::kProgramReplaced));
    ParameterCursor p(select);
    p.integer(instance);
    p.text(kind);
    std::vector<WallTime> times;
    while (select.executeStep()) times.push_back(ColumnCursor(select).time());
    return times;
  });
}

Result<std::vector<Alert>> SampleReader::alerts(bool open_only, std::size_t limit) {
  return impl_->guarded([&]() -> Result<std::vector<Alert>> {
    SQLite::Statement select(*impl_->db,
                             alert_select("a.state, a.updated_ms", "a.", "") +
                                 (open_only ? fmt::format("WHERE {} ", kAlertIsOpen) : "") +
                                 "ORDER BY a.id DESC LIMIT ?");
    select.bind(1, static_cast<std::int64_t>(limit));
    std::vector<Alert> alerts;
    while (select.executeStep()) {
      ColumnCursor column(select);
      alerts.push_back(read_alert(column));
    }
    return alerts;
  });
}

Result<std::optional<Alert>> SampleReader::alert(AlertId id) {
  return impl_->guarded([&]() -> Result<std::optional<Alert>> {
    SQLite::Statement select(*impl_->db,
                             alert_select("a.state, a.updated_ms", "a.", "") + "WHERE a.id = ?");
    select.bind(1, id);
    if (!select.executeStep()) return std::optional<Alert>();
    ColumnCursor column(select);
    return std::optional(read_alert(column));
  });
}

Result<std::vector<AlertTransition>> SampleReader::alert_history(AlertId id) {
  return impl_->guarded([&]() -> Result<std::vector<AlertTransition>> {
    SQLite::Statement select(
        *impl_->db,
        alert_select("h.to_state, h.time_ms", "h.", ", h.from_state, h.time_ms, h.reason") +
            "JOIN alert_history h ON h.alert_id = a.id WHERE a.id = ? ORDER BY h.id");
    select.bind(1, id);
    std::vector<AlertTransition> history;
    while (select.executeStep()) {
      ColumnCursor column(select);
      AlertTransition transition;
      transition.alert = read_alert(column);
      transition.from = alert_state_from_string(column.text()).value_or(AlertState::kInactive);
      transition.time = column.time();
      transition.reason = column.text();
      history.push_back(std::move(transition));
    }
    return history;
  });
}

Result<std::vector<Capture>> SampleReader::captures(const CaptureQuery& query) {
  return impl_->guarded([&]() -> Result<std::vector<Capture>> {
    std::optional<TargetId> target;
    if (query.target) {
      const Result<std::vector<TargetRow>> found = impl_->targets_of(query.target);
      if (!found) return found.error();
      target = found->front().id;
    }
    return select_captures(*impl_->db, query, target);
  });
}

Result<std::optional<Capture>> SampleReader::capture(CaptureId id) {
  return impl_->guarded(
      [&]() -> Result<std::optional<Capture>> { return select_capture(*impl_->db, id); });
}

}  // namespace soakwatch
