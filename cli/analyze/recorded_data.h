// A file of recorded samples, a CSV or a database, played into a Replay.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "cli/analyze/analysis_output.h"
#include "cli/analyze/replay.h"
#include "model/result.h"
#include "model/timestamp.h"

namespace soakwatch {

struct RecordedQuery {
  std::filesystem::path file;         // "-": standard input, a CSV
  std::optional<std::string> target;  // only this one; rows that name none are taken for its own
  std::optional<WallTime> since;      // inclusive
  std::optional<WallTime> until;      // exclusive
};

// What kind of file it is, its first bytes tell. Reads once, in bounded memory; a database is
// opened read-only, also while a daemon writes it. Shows progress on a terminal. Errors name the
// file.
Result<AnalysisSource> play_recorded(const RecordedQuery& query, Replay& replay);

}  // namespace soakwatch
