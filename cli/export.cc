// soakwatch export: samples as CSV.
#include <cstdio>

#include "cli/command.h"
#include "cli/output_file.h"
#include "cli/terminal.h"
#include "daemon/clock.h"
#include "storage/csv_export.h"

namespace soakwatch {
namespace {

namespace fs = std::filesystem;

struct ExportArguments {
  std::optional<fs::path> database;
  std::optional<std::string> target;
  std::optional<std::string> since;
  std::optional<std::string> until;
  std::string format = "wide";
  std::string preset;
  std::string decimal = ".";
  bool raw = false;
  std::optional<fs::path> output;
};

// "soak.csv" -> "soak-2.csv".
fs::path numbered(const fs::path& file, int number) {
  if (number == 1) return file;
  fs::path name = file.stem();
  name += "-" + std::to_string(number);
  name += file.extension();
  return file.parent_path() / name;
}

Result<CsvOptions> csv_options(const ExportArguments& args) {
  CsvOptions options;
  if (args.format == "long") options.format = CsvFormat::kLong;
  if (args.format == "mem-monitor") options.format = CsvFormat::kMemMonitor;
  options.spreadsheet = args.preset == "spreadsheet";
  options.decimal = args.decimal == "," ? ',' : '.';
  options.raw = args.raw;
  if (options.spreadsheet && options.format == CsvFormat::kMemMonitor) {
    return invalid("--preset spreadsheet goes with the formats wide and long");
  }
  return options;
}

Result<SampleQuery> query_of(const ExportArguments& args) {
  SampleQuery query;
  query.target = args.target;
  const WallTime now = read_clocks().wall;
  if (args.since) {
    auto time = parse_time_argument(*args.since, now);
    if (!time) return time.error().in("--since");
    query.since = *time;
  }
  if (args.until) {
    auto time = parse_time_argument(*args.until, now);
    if (!time) return time.error().in("--until");
    query.until = *time;
  }
  return query;
}

struct Exported {
  std::int64_t rows = 0;
  int files = 1;
};

Result<Exported> write_rows(SampleReader& reader, const SampleQuery& query,
                            const ExportArguments& args, const CsvOptions& options,
                            std::int64_t total, const fs::path& database) {
  constexpr std::size_t kFlushBytes = std::size_t{256} * 1024;
  const CsvWriter writer(options);
  const bool split = options.spreadsheet && args.output && is_plain_file_name(*args.output);
  const std::int64_t rows_per_file = split ? kSpreadsheetRowLimit : INT64_MAX;
  Progress progress("exporting", total);
  Exported done;
  auto opened = OutputFile::open(args.output, database);
  if (!opened) return opened.error();
  std::unique_ptr<OutputFile> output = std::move(*opened);
  std::string buffer = writer.header();
  std::int64_t rows_in_file = 1;
  std::int64_t samples = 0;
  std::optional<Error> failure;
  const auto flush = [&] {
    if (!output->write(buffer)) failure = output->failure();
    buffer.clear();
    return !failure;
  };
  auto read = reader.for_each(query, [&](const SampleRow& row) {
    // A sample's rows stay in one file.
    if (rows_in_file + static_cast<std::int64_t>(kMetricCount) > rows_per_file) {
      if (!flush()) return false;
      if (auto finished = output->finish(); !finished) failure = finished.error();
      auto next = OutputFile::open(numbered(*args.output, ++done.files), database);
      if (!next) failure = next.error();
      if (failure) return false;
      output = std::move(*next);
      buffer = writer.header();
      rows_in_file = 1;
    }
    const int rows = writer.append(row, buffer);
    rows_in_file += rows;
    done.rows += rows;
    progress.at(++samples);
    return !failure && (buffer.size() < kFlushBytes || flush());
  });
  if (!read) return read.error();
  if (failure || !flush()) return *failure;
  if (auto finished = output->finish(); !finished) return finished.error();
  return done;
}

int export_csv(const ExportArguments& args) {
  auto options = csv_options(args);
  if (!options) return report_error(options.error());
  auto query = query_of(args);
  if (!query) return report_error(query.error());
  const fs::path database = database_or_default(args.database);
  auto reader = SampleReader::open(database);
  if (!reader) return report_error(reader.error());
  if (args.target) {
    if (auto exists = check_target_exists(*reader, *args.target); !exists)
      return report_error(exists.error());
  }
  auto total = reader->count(*query);
  if (!total) return report_error(total.error());
  auto done = write_rows(*reader, *query, args, *options, *total, database);
  if (!done) return report_error(done.error());
  if (args.output) {
    std::fprintf(stderr, "%lld rows in %s\n", static_cast<long long>(done->rows),
                 args.output->c_str());
    if (done->files > 1) {
      std::fprintf(
          stderr,
          "more than a spreadsheet opens (%lld rows), so there are %d files, the last is %s\n",
          static_cast<long long>(kSpreadsheetRowLimit), done->files,
          numbered(*args.output, done->files).c_str());
    }
  } else if (options->spreadsheet && done->rows >= kSpreadsheetRowLimit) {
    std::fprintf(
        stderr,
        "soakwatch: warning: %lld rows are more than a spreadsheet opens (%lld); with -o FILE "
        "they are split\n",
        static_cast<long long>(done->rows), static_cast<long long>(kSpreadsheetRowLimit));
  }
  return kExitDone;
}

}  // namespace

void add_export_command(CLI::App& app, int& status) {
  auto args = std::make_shared<ExportArguments>();
  CLI::App* command = app.add_subcommand("export", "Samples as CSV, to stdout or a file");
  command->add_option("--target", args->target, "Only this target")->type_name("NAME");
  command->add_option("--since", args->since, "From here on: 12h (ago), or 2026-11-20T08:40:00Z")
      ->type_name("T");
  command->add_option("--until", args->until, "Up to here")->type_name("T");
  command
      ->add_option("--format", args->format,
                   "wide: a row per sample; long: a row per value; mem-monitor: the "
                   "columns of mem-monitor.sh")
      ->check(CLI::IsMember({"wide", "long", "mem-monitor"}))
      ->capture_default_str();
  command
      ->add_option("--preset", args->preset,
                   "spreadsheet: byte order mark, local times that LibreOffice and Excel "
                   "take as dates, files split at 1,048,576 rows")
      ->check(CLI::IsMember({"spreadsheet"}));
  command
      ->add_option("--decimal", args->decimal, "Decimal sign; with ',' cells are separated by ';'")
      ->check(CLI::IsMember({".", ","}))
      ->capture_default_str();
  command->add_flag("--raw", args->raw,
                    "Do not guard text cells that a spreadsheet would take for a formula");
  command->add_option("-o,--output", args->output, "File; without it stdout")->type_name("FILE");
  add_database_option(*command, args->database);
  command->footer(
      "Rows come by target, then by time. An empty cell is a value that was not read in that "
      "round.\n"
      "Examples:\n"
      "  soakwatch export --preset spreadsheet -o soak.csv\n"
      "  soakwatch export --target sidecar --since 12h | head\n"
      "  soakwatch export --preset spreadsheet --decimal , -o soak.csv     for a German "
      "LibreOffice or Excel");
  command->callback([args, &status] { status = export_csv(*args); });
}

}  // namespace soakwatch
