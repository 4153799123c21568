#include "storage/database_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <span>
#include <string_view>
#include <system_error>

#include "storage/database_magic.h"
#include "storage/schema.h"
#include "storage/space_guard.h"
#include "storage/system_call.h"

namespace soakwatch {
namespace {

using std::filesystem::path;

// https://www.sqlite.org/fileformat.html: the header is 100 bytes, the application id stands at 68.
constexpr std::size_t kHeaderBytes = 100;
constexpr std::size_t kApplicationIdOffset = 68;
// A log and its index begin with 36 KiB.
constexpr std::int64_t kLeastFreeBytes = 65536;
constexpr std::string_view kNoSpace = " (no space left)";

Error foreign(const path& database, std::string_view what) {
  return invalid(
      fmt::format("{} is {}, not a soakwatch database: it was left as it is; choose "
                  "another file",
                  database.string(), what));
}

// The power went while the first page was written: SQLite rolls it back when it opens the file.
bool is_begun_only(const path& database, std::span<const char> header) {
  std::error_code ignored;
  const auto journal = std::filesystem::file_size(database.string() + "-journal", ignored);
  return !ignored && journal > 0 &&
         std::all_of(header.begin(), header.end(), [](char byte) { return byte == 0; });
}

Result<void> check_header(const path& database, int fd) {
  struct stat info {};
  if (fstat(fd, &info) != 0) return os_error("cannot read " + database.string(), errno);
  if (!S_ISREG(info.st_mode)) return foreign(database, "no regular file");
  if (info.st_nlink > 1) {
    return invalid(
        fmt::format("{} has {} names (hard links): each would get a lock and a log of its own, "
                    "which breaks the "
                    "database; remove the other names, or choose another file",
                    database.string(), info.st_nlink));
  }
  if (info.st_size == 0) return {};
  std::array<char, kHeaderBytes> header{};
  const ssize_t n = pread(fd, header.data(), header.size(), 0);
  if (n < 0) return os_error("cannot read " + database.string(), errno);
  if (is_begun_only(database, header)) return {};
  if (static_cast<std::size_t>(n) < kHeaderBytes ||
      std::string_view(header.data(), kDatabaseMagic.size()) != kDatabaseMagic) {
    return foreign(database, "some other file");
  }
  std::uint32_t id = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    id = (id << 8U) | static_cast<unsigned char>(header[kApplicationIdOffset + i]);
  }
  if (id != static_cast<std::uint32_t>(kApplicationId)) {
    return foreign(database, "the database of another program");
  }
  return {};
}

// A clean stop checkpoints everything and removes the -wal; one with content means that the writer
// was killed, or the machine lost power (or that a reader was still there, which costs one check).
bool stopped_uncleanly(const path& database) {
  std::error_code ignored;
  for (const std::string_view suffix : {"-wal", "-journal"}) {
    const auto size = std::filesystem::file_size(database.string() + std::string(suffix), ignored);
    if (!ignored && size > 0) return true;
  }
  return false;
}

Result<std::unique_ptr<SQLite::Database>> try_open(const path& database, bool check) {
  auto db = connect_writer(database);
  if (check) check_integrity(*db);
  if (auto migrated = migrate(*db, schema_migrations()); !migrated) {
    return migrated.error().in(database.string());
  }
  // Everything that start-up reads, so that a broken page shows now.
  for (const char* table : {"targets", "instances", "alerts", "captures"}) {
    db->execAndGet(fmt::format("SELECT max(id) FROM {}", table));
  }
  return db;
}

}  // namespace

void check_integrity(SQLite::Database& db) {
  const std::string verdict = db.execAndGet("PRAGMA quick_check(1)").getString();
  if (verdict == "ok") return;
  // What it says of a page that the disk did not give, whatever is on it (btree.c of SQLite): the
  // code is that of the read.
  constexpr std::string_view kNoPage = "unable to get the page. error code=";
  int code = 0;
  if (const std::size_t at = verdict.find(kNoPage); at != std::string::npos) {
    const char* digits = verdict.c_str() + at + kNoPage.size();
    std::from_chars(digits, verdict.c_str() + verdict.size(), code);
  }
  const bool is_unreadable = (code & 0xff) == SQLITE_IOERR;
  throw SQLite::Exception("quick_check: " + verdict,
                          is_unreadable ? SQLITE_IOERR_READ : SQLITE_CORRUPT);
}

bool means_corruption(const SQLite::Exception& error) {
  return error.getErrorCode() == SQLITE_CORRUPT || error.getErrorCode() == SQLITE_NOTADB;
}

bool is_about_the_row(const SQLite::Exception& error) {
  const int code = error.getErrorCode();
  return code == SQLITE_CONSTRAINT || code == SQLITE_MISMATCH || code == SQLITE_TOOBIG ||
         code == SQLITE_RANGE;
}

Error sqlite_error(const path& database, const SQLite::Exception& error) {
  ErrorKind kind = ErrorKind::kIo;
  std::string_view hint;
  switch (error.getErrorCode()) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      kind = ErrorKind::kUnavailable;
      hint = " (another program holds a transaction on it)";
      break;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      kind = ErrorKind::kDenied;
      hint = " (file and folder must be readable, and writable for the daemon)";
      break;
    case SQLITE_FULL:
      hint = kNoSpace;
      break;
    case SQLITE_IOERR: {  // where it could not make its log
      const auto space = file_system_space(folder_of(database));
      if (space && space->free_bytes < kLeastFreeBytes) hint = kNoSpace;
      break;
    }
    default:
      break;
  }
  return {kind, fmt::format("{}: {}{}", database.string(), error.what(), hint)};
}

Result<void> make_folders(const path& folder) {
  if (folder.empty() || ::access(folder.c_str(), F_OK) == 0) return {};
  if (auto made = make_folders(folder.parent_path()); !made) return made;
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return os_error("cannot make the folder " + folder.string(), errno);
  }
  return {};
}

Result<void> prepare_database_file(const path& database) {
  // O_NONBLOCK: opening a FIFO must not hang.
  const int fd = ::open(database.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
  if (fd < 0 && errno == EISDIR) return foreign(database, "a folder");
  if (fd < 0) return os_error("cannot open " + database.string(), errno);
  Result<void> checked = check_header(database, fd);
  close(fd);
  return checked;
}

std::unique_ptr<SQLite::Database> connect_writer(const path& database) {
  auto db = std::make_unique<SQLite::Database>(
      database.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX, kWriterBusyTimeoutMs);
  const int version = db->execAndGet("PRAGMA user_version").getInt();
  if (version > schema_version()) return db;  // migrate() refuses it; nothing may change before
  // The mark goes into the main file before the write-ahead log begins, so that a file of ours
  // always shows whose it is.
  if (db->execAndGet("PRAGMA application_id").getInt() != kApplicationId) {
    if (db->execAndGet("SELECT count(*) FROM sqlite_master").getInt() != 0) {
      throw SQLite::Exception("the file was replaced by another program's", SQLITE_MISUSE);
    }
    // Before the first table: later only VACUUM can change it. Retention gives free pages back. At
    // once with the mark, as the first of the two writes a page; with BEGIN IMMEDIATE it would come
    // too late.
    db->exec(
        fmt::format("BEGIN; PRAGMA auto_vacuum = INCREMENTAL; "
                    "PRAGMA application_id = {}; COMMIT",
                    kApplicationId));
  }
  db->exec("PRAGMA journal_mode = WAL");
  db->exec("PRAGMA synchronous = NORMAL");
  db->exec("PRAGMA journal_size_limit = 16777216");  // 16 MiB
  // KiB. A writer that appends needs few pages; what is allowed is filled sooner or later, and
  // would look like growth for so long.
  db->exec("PRAGMA cache_size = -256");
  db->exec("PRAGMA temp_store = MEMORY");
  return db;
}

Result<OpenedDatabase> open_database(const path& database) {
  const bool check = stopped_uncleanly(database);
  std::string trouble;
  int unreadable = 0;
  // One bad answer may come from a passing fault of the disk; the second is believed. Of a page
  // that cannot be read the third, if it is the same page each time: else the disk fails here and
  // there.
  for (int attempt = 0; attempt < 2 || unreadable == 2; ++attempt) {
    try {
      auto db = try_open(database, check || attempt > 0);
      if (!db) return db.error();
      return OpenedDatabase{std::move(*db), {}};
    } catch (const SQLite::Exception& error) {
      const bool is_unreadable = error.getErrorCode() == SQLITE_IOERR_READ;  // check_integrity()
      const bool is_another = unreadable > 0 && trouble != error.what();
      if (!means_corruption(error) && (!is_unreadable || is_another)) {
        return sqlite_error(database, error);
      }
      unreadable = is_unreadable ? unreadable + 1 : 0;
      trouble = error.what();
    }
  }
  auto aside = set_aside(database, Quarantine::kCorrupt,
                         fmt::format("{} was broken ({})", database.string(), trouble));
  if (!aside) return aside.error();
  try {
    auto db = make_database(database);
    if (!db) return db.error();
    return OpenedDatabase{std::move(*db), std::move(*aside), true};
  } catch (const SQLite::Exception& error) {
    return sqlite_error(database, error);
  }
}

Result<std::string> set_aside(const path& database, Quarantine why, const std::string& trouble) {
  const Result<path> moved = move_aside(database, why);
  if (!moved) return moved.error();
  const std::string_view what = why == Quarantine::kCorrupt ? "it" : "what lay in its place";
  return fmt::format("{}: {}a new database was begun", trouble,
                     moved->empty()
                         ? std::string()
                         : fmt::format("{} was moved to {}, and ", what, moved->string()));
}

Result<std::unique_ptr<SQLite::Database>> make_database(const path& database) {
  if (auto made = prepare_database_file(database); !made) return made.error();
  return try_open(database, false);
}

}  // namespace soakwatch
