#include "storage/schema.h"

#include <fmt/format.h>

#include "model/daemon_stats.h"
#include "model/metric.h"
#include "storage/tier_row.h"

namespace soakwatch {
namespace {

// A metric that is appended to the list needs a migration that adds its column.
constexpr std::size_t kMetricsInVersion1 = 29;
static_assert(
    kMetricCount == kMetricsInVersion1,
    "append a migration with ALTER TABLE samples, minutes, hours ADD COLUMN, and renew the views");

std::string_view sql_type(const MetricDescriptor& metric) {
  return is_integral(metric.id) ? "INTEGER" : "REAL";
}

// The comments stay in the file: `.schema` in sqlite3 shows them.
constexpr std::string_view kTables = R"sql(
CREATE TABLE targets (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,    -- what the user calls it
  spec TEXT NOT NULL,           -- how its process is found
  created_ms INTEGER NOT NULL   -- Unix time, ms, UTC
) STRICT;

CREATE TABLE instances (
  id INTEGER PRIMARY KEY,
  target_id INTEGER NOT NULL REFERENCES targets(id),
  boot_id TEXT NOT NULL,        -- of the kernel's run; with pid and start_ticks it names a process
  pid INTEGER NOT NULL,
  start_ticks INTEGER NOT NULL, -- clock ticks from boot to the start of the process
  comm TEXT NOT NULL,
  exe TEXT NOT NULL,
  cmdline TEXT NOT NULL,
  gogc REAL,                    -- per cent; -1: off; NULL: unset or unreadable
  gomemlimit INTEGER,           -- bytes; NULL: unset or unreadable
  first_seen_ms INTEGER NOT NULL,
  ended_ms INTEGER,             -- NULL: runs, as far as is known
  end_reason TEXT,
  UNIQUE (target_id, boot_id, pid, start_ticks)
) STRICT;

CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  time_ms INTEGER NOT NULL,
  kind TEXT NOT NULL,
  target_id INTEGER REFERENCES targets(id),       -- NULL: the daemon itself
  instance_id INTEGER REFERENCES instances(id),
  detail TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_time ON events (time_ms);
)sql";

// What an alert and each entry of its history have in common.
constexpr std::string_view kAlertColumns = R"sql(
  instance_id INTEGER REFERENCES instances(id),
  pid INTEGER NOT NULL,
  severity TEXT NOT NULL,
  base REAL,                    -- level before the growth, in the metric's unit
  current REAL,                 -- level now
  slope_per_hour REAL,          -- metric's unit per hour, with its 95 % interval
  slope_low REAL,
  slope_high REAL,
  since_ms INTEGER NOT NULL,    -- when the growth began
  span_ms INTEGER NOT NULL,     -- length of the data behind the judgement
  gates TEXT NOT NULL,          -- JSON: [{name, passed, measured, threshold, meaning}]
  summary TEXT NOT NULL,
  pending_since_ms INTEGER NOT NULL,
  fired_at_ms INTEGER,
  resolved_at_ms INTEGER,
  quiet_since_ms INTEGER        -- firing, but the condition is absent since then
)sql";

constexpr std::string_view kAlertTables = R"sql(
CREATE TABLE alerts (
  id INTEGER PRIMARY KEY,
  target_id INTEGER NOT NULL REFERENCES targets(id),
  detector TEXT NOT NULL,
  metric TEXT NOT NULL,
  state TEXT NOT NULL,          -- inactive, pending, firing, resolved
  updated_ms INTEGER NOT NULL,  -- time of the newest change
  {0}) STRICT;
CREATE TABLE alert_history (
  id INTEGER PRIMARY KEY,
  alert_id INTEGER NOT NULL REFERENCES alerts(id),
  time_ms INTEGER NOT NULL,
  from_state TEXT NOT NULL,
  to_state TEXT NOT NULL,
  reason TEXT NOT NULL,
  {0}) STRICT;
CREATE INDEX alert_history_by_alert ON alert_history (alert_id, id);
)sql";

// Version 2: what a process cannot go beyond, and how much an alert weighs.
constexpr std::string_view kInstanceLimits = R"sql(
ALTER TABLE instances ADD COLUMN max_open_files INTEGER;    -- soft RLIMIT_NOFILE
ALTER TABLE instances ADD COLUMN memory_max_bytes INTEGER;  -- the tightest of its cgroups
ALTER TABLE instances ADD COLUMN max_tasks INTEGER;         -- the same: pids.max
)sql";

// What rows of version 1 get: they were alerts, and each that fired was told.
constexpr std::string_view kAlertEvidence = R"sql(
ALTER TABLE {0} ADD COLUMN grade TEXT NOT NULL DEFAULT 'alert';   -- suspect, alert
ALTER TABLE {0} ADD COLUMN is_leak INTEGER NOT NULL DEFAULT 1;
ALTER TABLE {0} ADD COLUMN cause TEXT NOT NULL DEFAULT '';
ALTER TABLE {0} ADD COLUMN root TEXT NOT NULL DEFAULT '';         -- a detector
ALTER TABLE {0} ADD COLUMN limit_name TEXT;
ALTER TABLE {0} ADD COLUMN limit_value REAL;                      -- in the metric's unit
ALTER TABLE {0} ADD COLUMN time_left_ms INTEGER;
ALTER TABLE {0} ADD COLUMN ruled_out TEXT NOT NULL DEFAULT '[]';  -- JSON: texts
ALTER TABLE {0} ADD COLUMN alert_since_ms INTEGER;
ALTER TABLE {0} ADD COLUMN told INTEGER NOT NULL DEFAULT 0;
UPDATE {0} SET alert_since_ms = pending_since_ms, told = fired_at_ms IS NOT NULL;
)sql";

// Version 3: what was fetched from a process, and who was found in it.
constexpr std::string_view kCaptureTable = R"sql(
CREATE TABLE captures (
  id INTEGER PRIMARY KEY,
  target_id INTEGER NOT NULL REFERENCES targets(id),
  instance_id INTEGER REFERENCES instances(id),
  kind TEXT NOT NULL,           -- heap, allocs, goroutine, cpu, fds, mappings
  reason TEXT NOT NULL,         -- baseline, suspicion, firing, final, manual
  time_ms INTEGER NOT NULL,     -- when the fetch ended
  alert_id INTEGER,             -- that it was made for; its row may follow
  file TEXT NOT NULL,           -- name in the folder <database>.captures
  bytes INTEGER NOT NULL        -- of the file
) STRICT;
)sql";

constexpr std::string_view kAlertCulprits = R"sql(
ALTER TABLE {0} ADD COLUMN culprits TEXT NOT NULL DEFAULT '[]';  -- JSON: who grows
ALTER TABLE {0} ADD COLUMN probe TEXT NOT NULL DEFAULT '';       -- what a look inside said
)sql";

constexpr std::size_t kFiguresInFirstTable = 32;
static_assert(kDaemonFigureCount == kFiguresInFirstTable,
              "append a migration with ALTER TABLE daemon_stats ADD COLUMN");

// Version 5: how the daemon itself does.
std::string daemon_stats_table() {
  std::string sql =
      "CREATE TABLE daemon_stats (\n"
      "  id INTEGER PRIMARY KEY,\n"
      "  time_ms INTEGER NOT NULL,     -- Unix time, ms, UTC\n"
      "  pid INTEGER NOT NULL          -- of the daemon\n";
  for (const DaemonFigureDescriptor& figure : all_daemon_figures()) {
    sql += fmt::format("  , {} {}\n", figure.name, figure.integral ? "INTEGER" : "REAL");
  }
  return sql + ") STRICT;\n";
}

// Version 4: what is kept of older samples.
std::string tier_table(Tier tier) {
  const std::string_view table = table_of(tier);
  std::string sql = fmt::format(
      "CREATE TABLE {} (\n"
      "  instance_id INTEGER NOT NULL REFERENCES instances(id),\n"
      "  time_ms INTEGER NOT NULL,      -- begin of the bucket, Unix time, ms, UTC\n"
      "  last_ms INTEGER NOT NULL,      -- time of its last sample\n"
      "  monotonic_ms INTEGER NOT NULL, -- the same instant; comparable within one boot\n"
      "  samples INTEGER NOT NULL       -- how many samples it stands for\n",
      table);
  sql += tier_column_definitions();
  sql += "  , UNIQUE (instance_id, time_ms)\n) STRICT;\n";
  sql += fmt::format(
      "CREATE VIEW {0}_readable AS SELECT\n"
      "  strftime('%Y-%m-%dT%H:%M:%fZ', s.time_ms / 1000.0, 'unixepoch') AS time,\n"
      "  t.name AS target, i.pid AS pid, s.samples AS samples, {1}\n"
      "  FROM {0} s JOIN instances i ON i.id = s.instance_id JOIN targets t ON t.id = "
      "i.target_id;\n",
      table, tier_figure_columns("s."));
  return sql;
}

// Version 6: what retention looks for, without reading all alerts and captures.
constexpr std::string_view kExpiryIndexes = R"sql(
CREATE INDEX alerts_by_instance ON alerts (instance_id);
CREATE INDEX captures_by_instance ON captures (instance_id);
CREATE INDEX alerts_over ON alerts (updated_ms) WHERE state NOT IN ('pending', 'firing', 'plateau');
)sql";

// Version 7: what the clock said when rows were last looked through for old ones.
constexpr std::string_view kClockTable = R"sql(
CREATE TABLE clock (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  wall_ms INTEGER NOT NULL,     -- Unix time, ms, UTC
  ahead_ms INTEGER NOT NULL,    -- what of it is not believed: the clock jumped ahead
  steady_ms INTEGER NOT NULL    -- for how long it has gone on like that
) STRICT;
)sql";

std::string sample_tables() {
  std::string sql =
      "CREATE TABLE samples (\n"
      "  id INTEGER PRIMARY KEY,       -- order of arrival\n"
      "  instance_id INTEGER NOT NULL REFERENCES instances(id),\n"
      "  time_ms INTEGER NOT NULL,     -- Unix time, ms, UTC\n"
      "  monotonic_ms INTEGER NOT NULL -- the same instant; comparable within one boot\n";
  for (const MetricDescriptor& metric : all_metrics()) {
    sql += fmt::format("  , {} {}\n", metric.name, sql_type(metric));
  }
  sql += ") STRICT;\nCREATE INDEX samples_by_instance ON samples (instance_id, time_ms);\n";
  sql +=
      "CREATE VIEW samples_readable AS SELECT s.id,\n"
      "  strftime('%Y-%m-%dT%H:%M:%fZ', s.time_ms / 1000.0, 'unixepoch') AS time,\n"
      "  t.name AS target, i.pid AS pid";
  sql += metric_columns("s.");
  sql +=
      "\n  FROM samples s JOIN instances i ON i.id = s.instance_id"
      " JOIN targets t ON t.id = i.target_id;\n";
  return sql;
}

}  // namespace

std::string metric_columns(std::string_view before) {
  std::string text;
  for (const MetricDescriptor& metric : all_metrics()) {
    text += fmt::format(", {}{}", before, metric.name);
  }
  return text;
}

const std::vector<std::string>& schema_migrations() {
  static const std::vector<std::string> kMigrations{
      std::string(kTables) + sample_tables() + fmt::format(kAlertTables, kAlertColumns),
      std::string(kInstanceLimits) + fmt::format(kAlertEvidence, "alerts") +
          fmt::format(kAlertEvidence, "alert_history"),
      std::string(kCaptureTable) + fmt::format(kAlertCulprits, "alerts") +
          fmt::format(kAlertCulprits, "alert_history"),
      tier_table(Tier::kMinutes) + tier_table(Tier::kHours) +
          "CREATE INDEX events_by_instance ON events (instance_id);\n",
      daemon_stats_table(),
      std::string(kExpiryIndexes),
      std::string(kClockTable)};
  return kMigrations;
}

int schema_version() { return static_cast<int>(schema_migrations().size()); }

Result<void> migrate(SQLite::Database& db, const std::vector<std::string>& migrations) {
  const int newest = static_cast<int>(migrations.size());
  int version = db.execAndGet("PRAGMA user_version").getInt();
  if (version > newest) {
    return invalid(fmt::format(
        "the database has version {}, this program knows versions up to {}: use a newer soakwatch, "
        "or another file",
        version, newest));
  }
  for (; version < newest; ++version) {
    db.exec("BEGIN IMMEDIATE");
    try {
      db.exec(migrations[static_cast<std::size_t>(version)]);
      db.exec(fmt::format("PRAGMA user_version = {}", version + 1));
      db.exec("COMMIT");
    } catch (const SQLite::Exception&) {
      db.tryExec("ROLLBACK");
      throw;
    }
  }
  return {};
}

}  // namespace soakwatch
