#include "storage/reader_connection.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "storage/database_file.h"
#include "storage/lock_file.h"
#include "storage/sample_reader.h"
#include "storage/schema.h"
#include "storage/system_call.h"

namespace soakwatch {
namespace {

using std::filesystem::path;

constexpr int kBusyTimeoutMs = 5000;

std::string uri_of(const path& database) {
  std::string uri = "file:";
  for (const char c : std::filesystem::absolute(database).string()) {
    // https://www.sqlite.org/uri.html: these three have a meaning of their own.
    if (c == '?' || c == '#' || c == '%') {
      uri += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      uri += c;
    }
  }
  return uri;
}

std::unique_ptr<SQLite::Database> connect(const path& database, bool immutable) {
  const int flags = SQLite::OPEN_READONLY | SQLite::OPEN_NOMUTEX | SQLite::OPEN_URI;
  auto db = std::make_unique<SQLite::Database>(uri_of(database) + (immutable ? "?immutable=1" : ""),
                                               flags, kBusyTimeoutMs);
  db->exec("PRAGMA query_only = ON");
  db->exec("PRAGMA cache_size = -1024");  // KiB
  db->exec("PRAGMA temp_store = MEMORY");
  db->execAndGet("SELECT count(*) FROM sqlite_master");
  return db;
}

// In a folder where we may not write, SQLite cannot make the -shm that it needs. Where nobody
// writes and no log is left, the file alone is the whole database.
bool may_be_taken_as_immutable(const path& database) {
  path wal = database;
  wal += "-wal";
  std::error_code ignored;
  const auto size = std::filesystem::file_size(wal, ignored);
  return (ignored || size == 0) && !writer_state(database).running;
}

std::unique_ptr<SQLite::Database> connect_somehow(const path& database) {
  try {
    return connect(database, false);
  } catch (const SQLite::Exception& error) {
    const int code = error.getErrorCode();
    if ((code != SQLITE_CANTOPEN && code != SQLITE_READONLY) ||
        !may_be_taken_as_immutable(database)) {
      throw;
    }
  }
  return connect(database, true);
}

Result<void> check_ours(const path& database, SQLite::Database& db) {
  const int id = db.execAndGet("PRAGMA application_id").getInt();
  const int version = db.execAndGet("PRAGMA user_version").getInt();
  if (id != kApplicationId) {
    return invalid(database.string() + " is the database of another program");
  }
  if (version > schema_version()) {
    return invalid(
        fmt::format("{} has version {}, this program knows versions up to {}: use a "
                    "newer soakwatch",
                    database.string(), version, schema_version()));
  }
  if (version < schema_version()) {
    return Error{ErrorKind::kUnavailable,
                 fmt::format("{} has version {}, not yet {}: start soakwatchd with it, which "
                             "brings it up to date",
                             database.string(), version, schema_version())};
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<SQLite::Database>> connect_reader(const path& database) {
  // stat(), not open(): see prepare_database_file() for why no descriptor of ours may touch it.
  struct stat info {};
  if (::stat(database.c_str(), &info) != 0) {
    if (errno != ENOENT && errno != ENOTDIR) return os_error(database.string(), errno);
    return not_found(database.string() +
                     " does not exist: has a daemon written there, or does another --db hold the "
                     "data?");
  }
  if (!S_ISREG(info.st_mode)) return invalid(database.string() + " is no regular file");
  if (info.st_size == 0) {
    return Error{ErrorKind::kUnavailable,
                 database.string() +
                     " is empty, not yet a soakwatch database: no daemon has begun "
                     "to write it"};
  }
  try {
    auto db = connect_somehow(database);
    if (auto ours = check_ours(database, *db); !ours) return ours.error();
    return db;
  } catch (const SQLite::Exception& error) {
    if (error.getErrorCode() == SQLITE_NOTADB) {
      return invalid(database.string() + " is not a soakwatch database");
    }
    return sqlite_error(database, error);
  }
}

}  // namespace soakwatch
