// The shape of the database file: its mark, its version and how one version becomes the next.
// docs/schema.md describes it for people.
#pragma once

#include <SQLiteCpp/Database.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/result.h"

namespace soakwatch {

// "soak" in ASCII: marks a file as ours (PRAGMA application_id, offset 68 of the file).
inline constexpr std::int32_t kApplicationId = 0x736F616B;

// One SQL script per step: the script at index n leads from version n to n + 1. Append only.
const std::vector<std::string>& schema_migrations();
// The version that this program writes.
int schema_version();

// Brings a file to the newest version, each step in a transaction of its own. Error kInvalid: the
// file is newer than `migrations`; it is left as it was. Throws SQLite::Exception.
Result<void> migrate(SQLite::Database& db, const std::vector<std::string>& migrations);

// ", rss_bytes, rss_anon_bytes, ...": every metric as a column, each after `before`.
std::string metric_columns(std::string_view before);

}  // namespace soakwatch
