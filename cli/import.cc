// soakwatch import FILE.csv --target NAME: old logs into the store.
#include <cstdio>
#include <fstream>
#include <map>

#include "cli/command.h"
#include "cli/terminal.h"
#include "model/printable.h"
#include "storage/csv_import.h"
#include "storage/sample_reader.h"
#include "storage/sample_store.h"

namespace soakwatch {
namespace {

constexpr std::chrono::seconds kFlushPatience{60};
// Samples in the store's queue between two waits for the disk: an import must not outrun it.
constexpr std::int64_t kSamplesPerFlush = 5000;

struct ImportArguments {
  std::filesystem::path file;
  std::string target;
  std::string day;
  std::optional<std::filesystem::path> database;
};

// Each target and pid of a file is one instance.
using InstanceKey = std::pair<std::string, std::int64_t>;
using FirstRows = std::map<InstanceKey, WallTime>;

InstanceKey key_of(const CsvSample& row, const std::string& target) {
  return {row.target.value_or(target), row.pid.value_or(0)};
}

// The identity of an imported instance is its first row, so that the same file is recognised.
ProcessId imported_id(const InstanceKey& key, WallTime first) {
  return {std::string(kImportedBootId), static_cast<pid_t>(key.second),
          static_cast<std::uint64_t>(to_unix_ms(first))};
}

// Before anything is stored: a file of which a part is known is refused as a whole.
Result<void> check_unknown(const std::filesystem::path& database, const FirstRows& first_rows) {
  auto reader = SampleReader::open(database);
  if (!reader) return reader.error();
  auto targets = reader->targets();
  if (!targets) return targets.error();
  for (const TargetRow& target : *targets) {
    auto instances = reader->instances(target.id);
    if (!instances) return instances.error();
    for (const InstanceRow& instance : *instances) {
      const auto row = first_rows.find({target.name, instance.process.id.pid});
      if (row == first_rows.end() || instance.process.id != imported_id(row->first, row->second))
        continue;
      return invalid("these rows are in the database already (target '" + printable(target.name) +
                     "', from " + format_utc(row->second) + " on)");
    }
  }
  return {};
}

// Turns rows into samples of instances.
class Importer {
 public:
  Importer(SampleStore& store, std::string target, std::string file)
      : store_(store), target_(std::move(target)), file_(std::move(file)) {}

  // False: stop, `failure` says why.
  bool add(const CsvSample& row) {
    const InstanceKey key = key_of(row, target_);
    auto found = instances_.find(key);
    if (found == instances_.end()) found = instances_.emplace(key, begin(key, row.time)).first;
    store_.add_sample({found->second.id, row.time, row.time.time_since_epoch(), row.values});
    found->second.last = row.time;
    if (++samples_ % kSamplesPerFlush == 0) flush();
    return !failure;
  }

  void finish() {
    if (failure) return;
    for (const auto& [key, instance] : instances_) {
      store_.end_instance({instance.id, instance.last, "imported from " + printable(file_)});
    }
    flush();
  }

  [[nodiscard]] std::int64_t samples() const { return samples_; }
  std::optional<Error> failure;

 private:
  struct Instance {
    InstanceId id = 0;
    WallTime last;
  };

  Instance begin(const InstanceKey& key, WallTime first) {
    TargetSpec spec;
    spec.value = key.first;
    ProcessInfo process;
    process.id = imported_id(key, first);
    process.comm = key.first.substr(0, 15);
    // How a target that is watched is found stays as it is.
    const auto known = store_.known_target(key.first);
    const TargetId id = known ? *known : store_.target_id(key.first, spec, first);
    return {store_.instance_id(id, process, first).id, first};
  }

  void flush() {
    if (auto flushed = store_.flush(kFlushPatience); !flushed) failure = flushed.error();
  }

  SampleStore& store_;
  std::string target_;
  std::string file_;
  std::map<InstanceKey, Instance> instances_;
  std::int64_t samples_ = 0;
};

Result<CsvReadOptions> read_options(const ImportArguments& args) {
  CsvReadOptions options;
  options.first_day = day_from_file_name(args.file.filename().string());
  if (args.day.empty()) return options;
  auto day = parse_iso8601(args.day + "T00:00:00Z");
  if (!day) return invalid("--day takes a date such as 2026-11-20");
  options.first_day = std::chrono::floor<std::chrono::days>(*day);
  return options;
}

// Half of an import in a file that somebody took away is none.
Result<void> close_whole(SampleStore& store, std::uint64_t files_before) {
  if (auto closed = store.close(kFlushPatience); !closed) return closed;
  const StoreStats stats = store.stats();
  if (stats.replaced_files == files_before) return {};
  return Error{ErrorKind::kIo, stats.replacement};
}

int import_csv(const ImportArguments& args) {
  auto options = read_options(args);
  if (!options) return report_error(options.error());
  std::error_code ignored;
  const auto status = std::filesystem::status(args.file, ignored);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    return report_error(invalid(args.file.string() +
                                " is no regular file: an import reads twice, first for mistakes, "
                                "which a pipe does not allow; save it to a file first"));
  }
  std::ifstream in(args.file, std::ios::binary);
  if (!in) return report_error(not_found("cannot read " + args.file.string()));
  // A first pass finds mistakes before anything is stored.
  FirstRows first_rows;
  auto checked = read_csv(in, *options, [&](const CsvSample& row) {
    first_rows.emplace(key_of(row, args.target), row.time);
    return true;
  });
  if (!checked) return report_error(checked.error().in(args.file.string()));
  for (const std::string& column : checked->unknown_columns) {
    std::fprintf(stderr, "column '%s' is not known and left out\n", printable(column).c_str());
  }
  StoreOptions store_options;
  store_options.database = database_or_default(args.database);
  store_options.program = "soakwatch import";
  auto store = SampleStore::open(store_options);
  if (!store) return report_error(store.error());
  const std::uint64_t files = (*store)->stats().replaced_files;
  if (auto unknown = check_unknown(store_options.database, first_rows); !unknown)
    return report_error(unknown.error());
  in.clear();
  in.seekg(0);
  Importer importer(**store, args.target, args.file.filename().string());
  {
    Progress progress("importing", checked->rows);
    auto read = read_csv(in, *options, [&](const CsvSample& row) {
      progress.at(importer.samples());
      return importer.add(row);
    });
    if (!read) return report_error(read.error().in(args.file.string()));
    importer.finish();
  }
  if (importer.failure) return report_error(*importer.failure);
  if (auto closed = close_whole(**store, files); !closed) return report_error(closed.error());
  std::fprintf(stderr, "%lld samples from %s into %s", static_cast<long long>(importer.samples()),
               args.file.c_str(), store_options.database.c_str());
  if (checked->skipped_rows > 0) {
    std::fprintf(stderr, ", %lld rows without a value left out",
                 static_cast<long long>(checked->skipped_rows));
  }
  std::fputs("\n", stderr);
  return kExitDone;
}

}  // namespace

void add_import_command(CLI::App& app, int& status) {
  auto args = std::make_shared<ImportArguments>();
  CLI::App* command = app.add_subcommand(
      "import", "Bring a CSV into the database: logs of mem-monitor.sh, or our own exports");
  command->add_option("file", args->file, "CSV with a header")->required()->type_name("FILE");
  command
      ->add_option("--target", args->target,
                   "Target that the rows belong to, where the file names none")
      ->required()
      ->type_name("NAME");
  command
      ->add_option("--day", args->day,
                   "Day of the first row, where times are HH:MM:SS; without it the day in "
                   "the file's name, mem-YYYYMMDD-HHMMSS.log")
      ->type_name("DATE");
  add_database_option(*command, args->database);
  command->footer("A file with a mistake is refused as a whole; nothing of it is stored.");
  command->callback([args, &status] { status = import_csv(*args); });
}

}  // namespace soakwatch
