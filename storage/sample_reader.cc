#include "storage/sample_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <list>
#include <utility>

#include "storage/alert_row.h"
#include "storage/capture_row.h"
#include "storage/database_file.h"
#include "storage/reader_connection.h"
#include "storage/row_cursor.h"
#include "storage/sample_pages.h"
#include "storage/schema.h"

namespace soakwatch {
namespace {

using std::filesystem::path;

// Rows in memory at a time, divided among the instances of a target whose times overlap.
constexpr int kPageLimitRows = 4000;
constexpr int kSmallestPageRows = 16;

constexpr std::string_view kInstanceColumns =
    "id, target_id, boot_id, pid, start_ticks, comm, exe, cmdline, gogc, gomemlimit, "
    "max_open_files, memory_max_bytes, max_tasks, first_seen_ms, ended_ms, end_reason";

InstanceRow read_instance(SQLite::Statement& statement) {
  ColumnCursor column(statement);
  InstanceRow row;
  row.id = column.integer();
  row.target = column.integer();
  row.process.id.boot_id = column.text();
  row.process.id.pid = static_cast<pid_t>(column.integer());
  row.process.id.start_ticks = static_cast<std::uint64_t>(column.integer());
  row.process.comm = column.text();
  row.process.exe = column.text();
  row.process.cmdline = column.text();
  row.process.gogc_percent = column.optional_real();
  if (row.process.gogc_percent && *row.process.gogc_percent < 0) {
    row.process.gogc_off = true;
    row.process.gogc_percent.reset();
  }
  row.process.gomemlimit_bytes = column.optional_real();
  row.process.limits.open_files = column.optional_real();
  row.process.limits.memory_bytes = column.optional_real();
  row.process.limits.tasks = column.optional_real();
  row.first_seen = column.time();
  row.ended = column.optional_time();
  row.end_reason = column.text();
  return row;
}

}  // namespace

struct SampleReader::Impl {
  Impl(path file, std::unique_ptr<SQLite::Database> connection)
      : database(std::move(file)), db(std::move(connection)), pages(*db) {}

  path database;
  std::unique_ptr<SQLite::Database> db;
  SamplePages pages;

  // Runs `body`, and turns what SQLite throws into an Error.
  template <class Body>
  auto guarded(Body body) -> decltype(body()) {
    try {
      return body();
    } catch (const SQLite::Exception& error) {
      return sqlite_error(database, error);
    }
  }

  std::vector<TargetRow> targets();
  std::vector<InstanceRow> instances(std::optional<TargetId> target);
  // The target of that name, or all. Error kNotFound: none has it.
  Result<std::vector<TargetRow>> targets_of(const std::optional<std::string>& name);
  std::vector<InstanceRow> instances_of(const SampleQuery& query, TargetId target);
  // Merges the instances of a target by time. False: `row` wants no more.
  bool walk(const TargetRow& target, const std::vector<InstanceRow>& instances,
            const TimeRange& range, std::int64_t newest_row,
            const std::function<bool(const SampleRow&)>& row);
  // One instance in order of arrival.
  bool replay(const TargetRow& target, const InstanceRow& instance, const TimeRange& range,
              std::int64_t newest_row, const std::function<bool(const SampleRow&)>& row);
};

namespace {

TimeRange range_of(const SampleQuery& query) {
  return {query.since ? to_unix_ms(*query.since) : std::numeric_limits<std::int64_t>::min(),
          query.until ? to_unix_ms(*query.until) : std::numeric_limits<std::int64_t>::max()};
}

struct ActiveCursor {
  const InstanceRow* instance;
  InstanceCursor cursor;
};

}  // namespace

std::vector<TargetRow> SampleReader::Impl::targets() {
  std::vector<TargetRow> rows;
  SQLite::Statement select(*db, "SELECT id, name, spec, created_ms FROM targets ORDER BY id");
  while (select.executeStep()) {
    ColumnCursor column(select);
    TargetRow row;
    row.id = column.integer();
    row.name = column.text();
    row.spec = column.text();
    row.created = column.time();
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<InstanceRow> SampleReader::Impl::instances(std::optional<TargetId> target) {
  std::vector<InstanceRow> rows;
  SQLite::Statement select(*db, fmt::format("SELECT {} FROM instances {} ORDER BY id",
                                            kInstanceColumns, target ? "WHERE target_id = ?" : ""));
  if (target) select.bind(1, *target);
  while (select.executeStep()) rows.push_back(read_instance(select));
  return rows;
}

Result<std::vector<TargetRow>> SampleReader::Impl::targets_of(
    const std::optional<std::string>& name) {
  std::vector<TargetRow> all = targets();
  if (!name) return all;
  for (TargetRow& row : all) {
    if (row.name == *name) return std::vector<TargetRow>{std::move(row)};
  }
  return not_found(fmt::format("{} has no target '{}'", database.string(), *name));
}

std::vector<InstanceRow> SampleReader::Impl::instances_of(const SampleQuery& query,
                                                          TargetId target) {
  std::vector<InstanceRow> rows = instances(target);
  if (query.instance) {
    rows.erase(std::remove_if(rows.begin(), rows.end(),
                              [&](const InstanceRow& row) { return row.id != *query.instance; }),
               rows.end());
  }
  return rows;
}

bool SampleReader::Impl::walk(const TargetRow& target, const std::vector<InstanceRow>& instances,
                              const TimeRange& range, std::int64_t newest_row,
                              const std::function<bool(const SampleRow&)>& row) {
  // Instances follow one another, so that few overlap: a cursor is opened when its time has come,
  // and memory is bounded by the overlap, not by the number of restarts.
  std::vector<std::pair<std::int64_t, const InstanceRow*>> waiting;
  for (const InstanceRow& instance : instances) {
    std::int64_t first = 0;
    if (pages.first_time(instance.id, range, first)) waiting.emplace_back(first, &instance);
  }
  std::sort(waiting.begin(), waiting.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first, a.second->id) < std::pair(b.first, b.second->id);
  });
  const auto before = [](const ActiveCursor& a, const ActiveCursor& b) {
    const SampleRecord& x = a.cursor.head();
    const SampleRecord& y = b.cursor.head();
    return std::pair(x.sample.time, x.id) < std::pair(y.sample.time, y.id);
  };
  std::list<ActiveCursor> active;
  std::size_t next = 0;
  while (true) {
    const int page_rows =
        std::max(kSmallestPageRows, kPageLimitRows / static_cast<int>(active.size() + 1));
    for (auto it = active.begin(); it != active.end();) {
      it = it->cursor.fill(pages, range, page_rows) ? std::next(it) : active.erase(it);
    }
    auto first = std::min_element(active.begin(), active.end(), before);
    if (next < waiting.size() &&
        (first == active.end() ||
         waiting[next].first <= to_unix_ms(first->cursor.head().sample.time))) {
      const InstanceRow* instance = waiting[next++].second;
      active.push_back({instance, InstanceCursor(instance->id, newest_row)});
      continue;
    }
    if (first == active.end()) return true;
    const SampleRecord& head = first->cursor.head();
    if (!row({&target, first->instance, head.id, head.sample})) return false;
    first->cursor.advance();
  }
}

bool SampleReader::Impl::replay(const TargetRow& target, const InstanceRow& instance,
                                const TimeRange& range, std::int64_t newest_row,
                                const std::function<bool(const SampleRow&)>& row) {
  const SamplePages::Arrival arrival = pages.arrival(instance.id, range, newest_row);
  if (arrival.in_time_order) {
    InstanceCursor cursor(instance.id, newest_row);
    while (cursor.fill(pages, range, kPageLimitRows)) {
      const SampleRecord& head = cursor.head();
      if (!row({&target, &instance, head.id, head.sample})) return false;
      cursor.advance();
    }
    return true;
  }
  std::vector<SampleRecord> page;
  for (std::int64_t after = arrival.first_row - 1; after < arrival.last_row;
       after = page.back().id) {
    pages.read_arrived(instance.id, range, after, arrival.last_row, kPageLimitRows, page);
    if (page.empty()) break;  // deleted meanwhile
    for (const SampleRecord& record : page) {
      if (!row({&target, &instance, record.id, record.sample})) return false;
    }
  }
  return true;
}

Result<SampleReader> SampleReader::open(const path& database) {
  auto db = connect_reader(database);
  if (!db) return db.error();
  try {
    return SampleReader(std::make_unique<Impl>(database, std::move(*db)));
  } catch (const SQLite::Exception& error) {
    return sqlite_error(database, error);
  }
}

SampleReader::SampleReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SampleReader::SampleReader(SampleReader&&) noexcept = default;
SampleReader& SampleReader::operator=(SampleReader&&) noexcept = default;
SampleReader::~SampleReader() = default;

Result<std::vector<TargetRow>> SampleReader::targets() {
  return impl_->guarded([&]() -> Result<std::vector<TargetRow>> { return impl_->targets(); });
}

Result<std::vector<InstanceRow>> SampleReader::instances(std::optional<TargetId> target) {
  return impl_->guarded(
      [&]() -> Result<std::vector<InstanceRow>> { return impl_->instances(target); });
}

Result<std::int64_t> SampleReader::count(const SampleQuery& query) {
  return impl_->guarded([&]() -> Result<std::int64_t> {
    const Result<std::vector<TargetRow>> targets = impl_->targets_of(query.target);
    if (!targets) return targets.error();
    std::int64_t rows = 0;
    for (const TargetRow& target : *targets) {
      for (const InstanceRow& instance : impl_->instances_of(query, target.id)) {
        rows += impl_->pages.count(instance.id, range_of(query));
      }
    }
    return rows;
  });
}

Result<void> SampleReader::for_each(const SampleQuery& query,
                                    const std::function<bool(const SampleRow&)>& row) {
  return impl_->guarded([&]() -> Result<void> {
    const Result<std::vector<TargetRow>> targets = impl_->targets_of(query.target);
    if (!targets) return targets.error();
    // What arrives from now on is left out: else a fast writer would never let us end.
    const std::int64_t newest_row =
        impl_->db->execAndGet("SELECT coalesce(max(id), 0) FROM samples").getInt64();
    for (const TargetRow& target : *targets) {
      const std::vector<InstanceRow> instances = impl_->instances_of(query, target.id);
      const TimeRange range = range_of(query);
      if (query.instance && instances.empty()) continue;
      const bool goes_on = query.instance
                               ? impl_->replay(target, instances.front(), range, newest_row, row)
                               : impl_->walk(target, instances, range, newest_row, row);
      if (!goes_on) break;
    }
    return {};
  });
}

Result<std::optional<Sample>> SampleReader::latest(InstanceId instance) {
  return impl_->guarded([&]() -> Result<std::optional<Sample>> {
    SQLite::Statement select(*impl_->db, "SELECT instance_id, time_ms, monotonic_ms" +
                                             metric_columns("") +
                                             " FROM samples WHERE instance_id = ? "
                                             "ORDER BY time_ms DESC, id DESC LIMIT 1");
    select.bind(1, instance);
    if (!select.executeStep()) return std::optional<Sample>();
    ColumnCursor column(select);
    return std::optional(read_sample(column));
  });
}

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

std::string sqlite_version() { return SQLite::getLibVersion(); }

int known_schema_version() { return schema_version(); }

}  // namespace soakwatch
