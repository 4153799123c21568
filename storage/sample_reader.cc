#include "storage/sample_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "storage/reader_connection.h"
#include "storage/reader_impl.h"
#include "storage/row_cursor.h"
#include "storage/schema.h"

namespace soakwatch {
namespace {

using std::filesystem::path;

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

namespace {

TimeRange range_of(const SampleQuery& query) {
  return {query.since ? to_unix_ms(*query.since) : std::numeric_limits<std::int64_t>::min(),
          query.until ? to_unix_ms(*query.until) : std::numeric_limits<std::int64_t>::max()};
}

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

Result<std::int64_t> SampleReader::Impl::sum(const SampleQuery& query, Counter counter) {
  return guarded([&]() -> Result<std::int64_t> {
    const Result<std::vector<TargetRow>> targets = targets_of(query.target);
    if (!targets) return targets.error();
    std::int64_t rows = 0;
    for (const TargetRow& target : *targets) {
      for (const InstanceRow& instance : instances_of(query, target.id)) {
        rows += (pages.*counter)(instance.id, range_of(query));
      }
    }
    return rows;
  });
}

Result<std::int64_t> SampleReader::count(const SampleQuery& query) {
  return impl_->sum(query, &SamplePages::count);
}

Result<std::int64_t> SampleReader::samples(const SampleQuery& query) {
  return impl_->sum(query, &SamplePages::samples);
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
  return impl_->guarded(
      [&]() -> Result<std::optional<Sample>> { return impl_->pages.latest(instance); });
}

std::string sqlite_version() { return SQLite::getLibVersion(); }

int known_schema_version() { return schema_version(); }

}  // namespace soakwatch
