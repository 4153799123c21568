// soakwatch analyze FILE.csv|FILE.db: the detectors over recorded data.
#include <cstdio>

#include "cli/analyze/analysis_output.h"
#include "cli/analyze/recorded_data.h"
#include "cli/analyze/replay.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "daemon/clock.h"
#include "daemon/effective_config.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

struct AnalyzeArguments {
  std::filesystem::path file;
  bool json = false;
  std::optional<std::filesystem::path> config;
  std::optional<std::string> target;
  std::optional<std::string> since;
  std::optional<std::string> until;
};

Result<RecordedQuery> query_of(const AnalyzeArguments& args) {
  RecordedQuery query{args.file, args.target, {}, {}};
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

void tell_oddities(const Analysis& analysis, const AnalysisSource& source) {
  for (const std::string& column : source.unknown_columns) {
    std::fprintf(stderr, "column '%s' is not known and left out\n", printable(column).c_str());
  }
  if (source.skipped_rows > 0) {
    std::fprintf(stderr, "%lld rows without a value left out\n",
                 static_cast<long long>(source.skipped_rows));
  }
  if (analysis.clock_steps > 0) {
    std::fprintf(stderr,
                 "the clock steps back %lld times, first from %s to %s: what passed meanwhile is "
                 "taken for one interval\n",
                 static_cast<long long>(analysis.clock_steps),
                 format_local(analysis.first_clock_step->from).c_str(),
                 format_local(analysis.first_clock_step->to).c_str());
  }
}

int exit_status(Verdict verdict) {
  switch (verdict) {
    case Verdict::kLeak:
      return kExitLeak;
    case Verdict::kClean:
      return kExitDone;
    case Verdict::kInconclusive:
      break;
  }
  return kExitInconclusive;
}

int analyze(const AnalyzeArguments& args) {
  auto query = query_of(args);
  if (!query) return report_error(query.error());
  ConfigFlags flags;
  flags.config_file = args.config;
  auto config = effective_config(flags);
  if (!config) {
    report_error(config.error());
    return kExitUsage;
  }
  Replay replay(*config);
  auto source = play_recorded(*query, replay);
  if (!source) {
    report_error(source.error());
    return kExitError;  // also where the file is not of the expected form: the usage is right
  }
  const Analysis analysis = replay.finish();
  tell_oddities(analysis, *source);
  const std::string text = args.json ? analysis_json(analysis, *source) + "\n"
                                     : analysis_text(analysis, *source, wants_color(Stream::kOut));
  std::fwrite(text.data(), 1, text.size(), stdout);
  return exit_status(analysis.verdict);
}

}  // namespace

void add_analyze_command(CLI::App& app, int& status) {
  auto args = std::make_shared<AnalyzeArguments>();
  CLI::App* command = app.add_subcommand(
      "analyze", "Judge recorded samples, a CSV or a database; no daemon needed");
  command
      ->add_option("file", args->file,
                   "Database of soakwatchd, log of mem-monitor.sh, export, or any CSV with a "
                   "column `time` and metrics by their names; - is standard input")
      ->required()
      ->type_name("FILE");
  command->add_flag("--json", args->json, "One JSON object");
  command
      ->add_option("--config", args->config,
                   "Configuration whose `detection` and `alerts` count; without it the daemon's in "
                   "its usual place, or the defaults")
      ->type_name("FILE");
  command
      ->add_option("--target", args->target,
                   "Only this target; in a CSV that names none, what to call it")
      ->type_name("NAME");
  command->add_option("--since", args->since, "From here on: 12h (ago), or 2026-11-20T08:40:00Z")
      ->type_name("T");
  command->add_option("--until", args->until, "Up to here")->type_name("T");
  command->footer(
      "The detectors and alerts are the daemon's, each process from its first sample on.\n"
      "Exit status: 0 clean, 3 a leak was found, 4 inconclusive, 1 the file cannot be read, 2 "
      "usage "
      "or configuration.\n"
      "Examples:\n"
      "  soakwatch analyze mem-20261120-220000.log             last night by the script\n"
      "  soakwatch analyze soak.db --since 12h --json          the same by the daemon, for a "
      "program\n"
      "  soakwatch analyze soak.db --config stricter.yaml      what other settings would have "
      "said");
  command->callback([args, &status] { status = analyze(*args); });
}

}  // namespace soakwatch
