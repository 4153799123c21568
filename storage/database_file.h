// The database file before it is written: whose it is, whether it is sound, and making a new one.
#pragma once

#include <SQLiteCpp/Database.h>

#include <filesystem>
#include <memory>
#include <string>

#include "model/result.h"
#include "storage/quarantine.h"

namespace soakwatch {

inline constexpr int kWriterBusyTimeoutMs = 1000;

// Makes the missing folders of a path, 0700.
Result<void> make_folders(const std::filesystem::path& folder);

// Makes the file (0600) where it is missing. Error kInvalid: the file is
// not ours; it is left as it was. Call it before this process has a connection to the file: closing
// a descriptor of it would lose the locks that SQLite holds on it (POSIX locks belong to the
// process, fcntl(2)).
Result<void> prepare_database_file(const std::filesystem::path& database);

struct OpenedDatabase {
  std::unique_ptr<SQLite::Database> connection;
  std::string notice{};   // for the log; empty: nothing to tell
  bool replaced = false;  // the file was broken: the notice says so
};

// Opens for writing, checks after an unclean stop, migrates. A file that is broken twice in a row
// is moved aside with its -wal and -shm, never deleted, and a new one is made. Errors: kInvalid (a
// newer version), kDenied, kUnavailable (locked), kIo.
Result<OpenedDatabase> open_database(const std::filesystem::path& database);

// Moves what there is under the name aside, as storage/quarantine.h says. The words for the notice
// that a new file was begun, which `trouble` opens. No connection to the file may be open. Errors:
// kDenied, kIo; it may be called again.
Result<std::string> set_aside(const std::filesystem::path& database, Quarantine why,
                              const std::string& trouble);

// A new file under the name, or what an attempt that failed has left of one. Errors as those of
// open_database(), or throws SQLite::Exception; it may be called again.
Result<std::unique_ptr<SQLite::Database>> make_database(const std::filesystem::path& database);

// A connection with the settings of the writer, to a file that open_database() has seen. Throws.
std::unique_ptr<SQLite::Database> connect_writer(const std::filesystem::path& database);

// Reads the whole file; throws SQLITE_CORRUPT with the first that is wrong, SQLITE_IOERR_READ
// where a page cannot be read.
void check_integrity(SQLite::Database& db);
// That the content of the file is not what SQLite wrote.
bool means_corruption(const SQLite::Exception& error);
// That the row cannot be stored as it is, and any other can.
bool is_about_the_row(const SQLite::Exception& error);

// An SQLite error as ours: kIo, or kUnavailable for a locked file, kDenied for a read-only one.
Error sqlite_error(const std::filesystem::path& database, const SQLite::Exception& error);

}  // namespace soakwatch
