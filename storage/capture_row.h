// A capture as a row, and what the store of captures asks the database.
#pragma once

#include <SQLiteCpp/Database.h>

#include <optional>
#include <string_view>
#include <vector>

#include "model/capture.h"
#include "storage/capture_budget.h"
#include "storage/row_cursor.h"
#include "storage/sample_reader.h"

namespace soakwatch {

inline constexpr std::string_view kCaptureColumns =
    "id, target_id, instance_id, kind, reason, time_ms, alert_id, file, bytes";
inline constexpr int kCaptureColumnCount = 9;

// What a capture is stored as besides its own texts.
struct CaptureTexts {
  explicit CaptureTexts(const Capture& capture);
  std::string kind;
  std::string reason;
};

// `capture` and `texts` must live until the statement has run.
void bind_capture(ParameterCursor& parameters, const Capture& capture, const CaptureTexts& texts);

// All below throw SQLite::Exception. Newest first; a row of a kind or reason that this program does
// not know is left out. `target`: the id of the query's target.
std::vector<Capture> select_captures(SQLite::Database& db, const CaptureQuery& query,
                                     std::optional<TargetId> target);
std::optional<Capture> select_capture(SQLite::Database& db, CaptureId id);
// What captures are needed for, as far as it is committed.
CaptureUse select_capture_use(SQLite::Database& db);

}  // namespace soakwatch
