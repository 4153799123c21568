#include "storage/capture_row.h"

#include <SQLiteCpp/Statement.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "storage/alert_row.h"

namespace soakwatch {
namespace {

std::optional<Capture> read_capture(SQLite::Statement& statement) {
  ColumnCursor column(statement);
  Capture capture;
  capture.id = column.integer();
  capture.target = column.integer();
  capture.instance = column.integer();
  const auto kind = capture_kind_from_string(column.text());
  const auto reason = capture_reason_from_string(column.text());
  if (!kind || !reason) return std::nullopt;
  capture.kind = *kind;
  capture.reason = *reason;
  capture.time = column.time();
  if (const AlertId alert = column.integer(); alert != 0) capture.alert = alert;
  capture.file = column.text();
  capture.bytes = column.integer();
  return capture;
}

}  // namespace

CaptureTexts::CaptureTexts(const Capture& capture)
    : kind(to_string(capture.kind)), reason(to_string(capture.reason)) {}

void bind_capture(ParameterCursor& parameters, const Capture& capture, const CaptureTexts& texts) {
  parameters.integer(capture.id);
  parameters.integer(capture.target);
  parameters.reference(capture.instance);
  parameters.text(texts.kind);
  parameters.text(texts.reason);
  parameters.time(capture.time);
  parameters.reference(capture.alert.value_or(0));
  parameters.text(capture.file);
  parameters.integer(capture.bytes);
}

std::vector<Capture> select_captures(SQLite::Database& db, const CaptureQuery& query,
                                     std::optional<TargetId> target) {
  SQLite::Statement select(
      db, fmt::format("SELECT {} FROM captures WHERE time_ms >= ?1 AND time_ms < ?2 "
                      "AND (?3 IS NULL OR target_id = ?3) AND (?4 IS NULL OR instance_id = ?4) "
                      "AND (?5 IS NULL OR kind = ?5) AND (?6 IS NULL OR alert_id = ?6) "
                      "ORDER BY time_ms DESC, id DESC LIMIT ?7",
                      kCaptureColumns));
  const auto optional_id = [](ParameterCursor& p, std::optional<std::int64_t> id) {
    id ? p.integer(*id) : p.null();
  };
  const std::string kind(query.kind ? to_string(*query.kind) : "");
  ParameterCursor p(select);
  p.integer(query.since ? to_unix_ms(*query.since) : std::numeric_limits<std::int64_t>::min());
  p.integer(query.until ? to_unix_ms(*query.until) : std::numeric_limits<std::int64_t>::max());
  optional_id(p, target);
  optional_id(p, query.instance);
  query.kind ? p.text(kind) : p.null();
  optional_id(p, query.alert);
  p.integer(static_cast<std::int64_t>(query.limit_rows));
  std::vector<Capture> captures;
  while (select.executeStep()) {
    if (auto capture = read_capture(select)) captures.push_back(std::move(*capture));
  }
  return captures;
}

std::optional<Capture> select_capture(SQLite::Database& db, CaptureId id) {
  SQLite::Statement select(db,
                           fmt::format("SELECT {} FROM captures WHERE id = ?", kCaptureColumns));
  select.bind(1, id);
  return select.executeStep() ? read_capture(select) : std::nullopt;
}

CaptureUse select_capture_use(SQLite::Database& db) {
  CaptureUse use;
  SQLite::Statement alerts(
      db, fmt::format("SELECT id, instance_id, since_ms FROM alerts WHERE {}", kAlertIsOpen));
  while (alerts.executeStep()) {
    ColumnCursor column(alerts);
    OpenAlert alert;
    alert.id = column.integer();
    alert.instance = column.integer();
    alert.since = column.time();
    use.open_alerts.push_back(alert);
  }
  SQLite::Statement ended(db,
                          "SELECT id FROM instances WHERE ended_ms IS NOT NULL "
                          "AND id IN (SELECT instance_id FROM captures)");
  while (ended.executeStep()) use.ended_instances.insert(ColumnCursor(ended).integer());
  return use;
}

}  // namespace soakwatch
