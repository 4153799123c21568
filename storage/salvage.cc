#include "storage/salvage.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <memory>
#include <system_error>
#include <utility>

#include "storage/capture_folder.h"
#include "storage/database_file.h"
#include "storage/id_range_reader.h"
#include "storage/lock_file.h"
#include "storage/quarantine.h"
#include "storage/sample_reader.h"
#include "storage/schema.h"

namespace soakwatch {
namespace {

using std::filesystem::path;

constexpr std::int64_t kRowsPerTransaction = 10000;

// The broken file and its log under another name, so that reading changes nothing of it: a log can
// only be read by who may write it into the file. Removed with the object.
class Copy {
 public:
  Copy(const path& broken, path name) : name_(std::move(name)) {
    for (const std::string_view part : {"", "-wal"}) {
      if (!std::filesystem::exists(with_suffix(broken, part))) continue;
      std::filesystem::copy_file(with_suffix(broken, part), with_suffix(name_, part));
    }
  }
  ~Copy() {
    std::error_code ignored;
    for (const std::string_view part : {"", "-wal", "-shm"}) {
      std::filesystem::remove(with_suffix(name_, part), ignored);
    }
  }
  Copy(const Copy&) = delete;
  Copy& operator=(const Copy&) = delete;
  [[nodiscard]] const path& name() const { return name_; }

 private:
  path name_;
};

std::unique_ptr<SQLite::Database> connect_broken(const path& copy) {
  auto db = std::make_unique<SQLite::Database>(copy.string(), SQLite::OPEN_READWRITE);
  // Lets a file be read that is shorter than it says, or whose table of tables has mistakes.
  db->exec("PRAGMA writable_schema = ON");
  db->exec("PRAGMA cell_size_check = ON");
  return db;
}

std::vector<std::string> names(SQLite::Database& db, const std::string& sql) {
  std::vector<std::string> found;
  SQLite::Statement select(db, sql);
  while (select.executeStep()) found.push_back(select.getColumn(0).getString());
  return found;
}

// One table, whose form is the same in both.
class TableCopy {
 public:
  TableCopy(SQLite::Database& to, const std::string& table, const std::vector<std::string>& columns)
      : to_(to),
        insert_(to, fmt::format("INSERT INTO {} ({}) VALUES (?{})", table, fmt::join(columns, ", "),
                                marks(columns.size()))),
        count_(static_cast<int>(columns.size())) {}

  void take(SQLite::Statement& row) {
    for (int i = 0; i < count_; ++i) {
      bind(i + 1, row.getColumn(i + 1));  // column 0 is the id
    }
    try {
      insert_.exec();
      if (++rows % kRowsPerTransaction == 0) to_.exec("COMMIT; BEGIN");
    } catch (const SQLite::Exception& error) {
      if (!is_about_the_row(error)) failure = error;
      ++refused;
    }
    insert_.tryReset();
    if (failure) throw *failure;
  }

  std::int64_t rows = 0;
  std::int64_t refused = 0;
  std::optional<SQLite::Exception> failure;  // of the new file

 private:
  static std::string marks(std::size_t count) {
    std::string text;
    for (std::size_t i = 1; i < count; ++i) text += ", ?";
    return text;
  }
  void bind(int parameter, const SQLite::Column& value) {
    if (value.isNull()) {
      insert_.bind(parameter);
    } else if (value.isInteger()) {
      insert_.bind(parameter, value.getInt64());
    } else if (value.isFloat()) {
      insert_.bind(parameter, value.getDouble());
    } else {  // text; no column of ours is a blob, and one that says so is refused
      insert_.bind(parameter, value.getString());
    }
  }

  SQLite::Database& to_;
  SQLite::Statement insert_;
  int count_;
};

SalvagedTable salvage_table(SQLite::Database& from, SQLite::Database& to,
                            const std::string& table) {
  SalvagedTable result;
  result.name = table;
  const auto columns = names(to, fmt::format("SELECT name FROM pragma_table_info('{}')", table));
  TableCopy copy(to, table, columns);
  to.exec("BEGIN");
  try {
    IdRangeReader reader(from, table, fmt::format("{}", fmt::join(columns, ", ")),
                         [&](SQLite::Statement& row) { copy.take(row); });
    reader.read_all();
    result.broken_ranges = reader.broken_ranges();
  } catch (const SQLite::Exception&) {  // the table is not found
    result.broken_ranges = 1;
  }
  if (copy.failure) throw *copy.failure;
  to.exec("COMMIT");
  result.rows = copy.rows;
  result.refused_rows = copy.refused;
  return result;
}

// A file of ours, of the version that the broken one has.
std::unique_ptr<SQLite::Database> make_fresh(const path& fresh, int version) {
  auto db = std::make_unique<SQLite::Database>(
      fresh.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_NOMUTEX);
  // As connect_writer(): retention gives pages back, and after the first table it is too late.
  db->exec(
      fmt::format("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA application_id = {}", kApplicationId));
  const auto& all = schema_migrations();
  const auto made = migrate(*db, {all.begin(), all.begin() + version});
  if (!made) throw std::runtime_error(made.error().message);
  return db;
}

Result<Salvage> copy_tables(SQLite::Database& from, const path& broken, const path& fresh) {
  Salvage result;
  result.version = from.execAndGet("PRAGMA user_version").getInt();
  if (from.execAndGet("PRAGMA application_id").getInt() != kApplicationId) {
    return invalid(broken.string() + " is no soakwatch database");
  }
  if (result.version < 1 || result.version > schema_version()) {
    return invalid(fmt::format("{} has version {}, this program knows 1 to {}", broken.string(),
                               result.version, schema_version()));
  }
  const auto to = make_fresh(fresh, result.version);
  for (const std::string& table :
       names(*to,
             "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE "
             "'sqlite_%' ORDER BY rowid")) {
    result.tables.push_back(salvage_table(from, *to, table));
  }
  if (const auto made = migrate(*to, schema_migrations()); !made) return made.error();
  return result;
}

Result<void> check_arguments(const path& broken, const path& fresh) {
  if (!std::filesystem::is_regular_file(broken)) return not_found(broken.string() + " is no file");
  if (std::filesystem::exists(fresh)) {
    return invalid(fresh.string() + " exists: the rows go into a new file");
  }
  if (writer_state(broken).running) {
    return Error{ErrorKind::kUnavailable,
                 broken.string() +
                     " is being written: stop the daemon, or salvage what it moved "
                     "aside"};
  }
  return {};
}

}  // namespace

Result<Salvage> salvage(const path& broken, const path& fresh) {
  if (auto usable = check_arguments(broken, fresh); !usable) return usable.error();
  try {
    if (auto made = prepare_database_file(fresh); !made) return made.error();
    const Copy copy(broken, with_suffix(fresh, ".salvage"));
    const auto from = connect_broken(copy.name());
    auto result = copy_tables(*from, broken, fresh);
    if (!result) {
      std::filesystem::remove(fresh);
      return result;
    }
    const path captures = captures_folder(broken);
    if (std::filesystem::is_directory(captures)) {
      std::filesystem::copy(captures, captures_folder(fresh),
                            std::filesystem::copy_options::recursive);
    }
    return result;
  } catch (const SQLite::Exception& error) {
    return sqlite_error(broken, error);
  } catch (const std::filesystem::filesystem_error& error) {
    return Error{ErrorKind::kIo, error.what()};
  }
}

}  // namespace soakwatch
