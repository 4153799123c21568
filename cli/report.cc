// soakwatch report: one page about what was recorded.
#include <algorithm>
#include <cstdio>

#include "cli/analyze/recorded_data.h"
#include "cli/analyze/replay.h"
#include "cli/command.h"
#include "cli/output_file.h"
#include "daemon/clock.h"
#include "daemon/effective_config.h"
#include "model/printable.h"
#include "report/host_facts.h"
#include "report/report_data.h"
#include "report/report_html.h"
#include "report/report_json.h"
#include "report/report_markdown.h"

namespace soakwatch {
namespace {

namespace fs = std::filesystem;

struct ReportArguments {
  std::optional<fs::path> database;
  std::optional<std::string> target;
  std::optional<std::string> since;
  std::optional<std::string> until;
  std::string format;
  std::optional<fs::path> output;
};

Result<ReportQuery> query_of(const ReportArguments& args, WallTime now) {
  ReportQuery query;
  query.target = args.target;
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
  if (query.since && query.until && *query.since >= *query.until)
    return invalid("--since is not before --until");
  return query;
}

// Without --format the name of the file tells.
std::string format_of(const ReportArguments& args) {
  if (!args.format.empty()) return args.format;
  const std::string extension = args.output ? args.output->extension().string() : "";
  if (extension == ".html" || extension == ".htm") return "html";
  if (extension == ".json") return "json";
  return "md";
}

std::string rendered(const ReportData& data, const std::string& format) {
  if (format == "html") return report_html(data);
  if (format == "json") return report_json(data);
  return report_markdown(data);
}

// The slowest leak that would have been found in the longest-lived process: what `soakwatch
// analyze` says of the same records. Nothing where the configuration or the records cannot be read
// again.
std::vector<Sensitivity> smallest_detectable(const fs::path& database, const ReportData& data) {
  const auto config = effective_config({});
  if (!config) return {};
  Replay replay(*config);
  if (!play_recorded({database, data.target.name, data.since, data.until}, replay)) return {};
  const Analysis analysis = replay.finish();
  const auto longest = std::max_element(
      analysis.instances.begin(), analysis.instances.end(),
      [](const InstanceResult& a, const InstanceResult& b) { return a.span < b.span; });
  std::vector<Sensitivity> list;
  if (longest == analysis.instances.end()) return list;
  for (const SeriesResult& series : longest->series) {
    if (series.state == SeriesState::kNotJudged) continue;
    Sensitivity one;
    one.metric = series.metric;
    one.slope_per_hour = series.detectable;
    one.confidence = series.confidence;
    one.span = series.span;
    list.push_back(std::move(one));
  }
  return list;
}

int report(const ReportArguments& args) {
  const WallTime now = read_clocks().wall;
  auto query = query_of(args, now);
  if (!query) return report_error(query.error());
  const fs::path database = database_or_default(args.database);
  auto reader = SampleReader::open(database);
  if (!reader) return report_error(reader.error());
  if (args.target) {
    if (auto exists = check_target_exists(*reader, *args.target); !exists)
      return report_error(exists.error());
  }
  auto data = gather(*reader, *query, now);
  if (!data) return report_error(data.error());
  if (auto added = add_captures(*reader, database, *data); !added)
    return report_error(added.error());
  data->host = host_facts();
  data->smallest_detectable = smallest_detectable(database, *data);
  if (args.database) data->database = database.string();
  auto output = OutputFile::open(args.output, database);
  if (!output) return report_error(output.error());
  if (!(*output)->write(rendered(*data, format_of(args)))) {
    return report_error((*output)->failure());
  }
  if (auto finished = (*output)->finish(); !finished) return report_error(finished.error());
  return kExitDone;
}

}  // namespace

void add_report_command(CLI::App& app, int& status) {
  auto args = std::make_shared<ReportArguments>();
  CLI::App* command = app.add_subcommand(
      "report", "One page about what was recorded: what leaks, who is behind it, what to open");
  command
      ->add_option("--target", args->target,
                   "This target; without it the one with the most urgent alert")
      ->type_name("NAME");
  command->add_option("--since", args->since, "From here on: 12h (ago), or 2026-11-20T08:40:00Z")
      ->type_name("T");
  command->add_option("--until", args->until, "Up to here")->type_name("T");
  command
      ->add_option("--format", args->format,
                   "md, html or json; without it the name of the file tells, else md")
      ->check(CLI::IsMember({"md", "html", "json"}));
  command->add_option("-o,--output", args->output, "File; without it stdout")->type_name("FILE");
  add_database_option(*command, args->database);
  command->footer(
      "The HTML is one file that needs nothing else and runs no script.\n"
      "Examples:\n"
      "  soakwatch report --since 12h -o night.html     in the morning\n"
      "  soakwatch report --target sidecar | less");
  command->callback([args, &status] { status = report(*args); });
}

}  // namespace soakwatch
