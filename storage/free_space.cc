#include "storage/free_space.h"

#include <fmt/format.h>

#include <system_error>

namespace soakwatch {
namespace {

constexpr std::int64_t kRebuildLimitBytes = std::int64_t{64} << 20;
// The copy, the write-ahead log with all of it, and the file itself as it grows.
constexpr std::int64_t kRoom = 3;

std::int64_t pragma(SQLite::Database& db, const char* name) {
  return db.execAndGet(fmt::format("PRAGMA {}", name)).getInt64();
}

bool has_room(const std::filesystem::path& database, std::int64_t bytes) {
  std::error_code error;
  const auto space = std::filesystem::space(database.parent_path(), error);
  return !error && space.available / kRoom > static_cast<std::uintmax_t>(bytes);
}

void rebuild(SQLite::Database& db) {
  db.exec("PRAGMA auto_vacuum = INCREMENTAL");
  db.exec("PRAGMA temp_store = FILE");  // the copy, which would take as much memory as the file
  try {
    db.exec("VACUUM");
  } catch (const SQLite::Exception&) {
    db.tryExec("PRAGMA temp_store = MEMORY");
    throw;
  }
  db.exec("PRAGMA temp_store = MEMORY");
  db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
}

}  // namespace

std::string make_shrinkable(SQLite::Database& db, const std::filesystem::path& database) {
  if (pragma(db, "auto_vacuum") != 0) return {};
  const std::int64_t bytes = pragma(db, "page_count") * pragma(db, "page_size");
  if (bytes <= kRebuildLimitBytes && has_room(std::filesystem::absolute(database), bytes)) {
    try {
      rebuild(db);
      return {};
    } catch (const SQLite::Exception&) {
      // As large as before, and as good.
    }
  }
  return fmt::format(
      "{} is of an older version: room that old samples leave is reused, but not given back to the "
      "file system. To change that, stop the daemon and run: sqlite3 {} 'PRAGMA auto_vacuum = "
      "INCREMENTAL; VACUUM'",
      database.string(), database.string());
}

}  // namespace soakwatch
