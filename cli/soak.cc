// soakwatch soak: run or attach, watch for hours, judge.
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/soak/console.h"
#include "cli/soak/sleep_inhibitor.h"
#include "cli/soak/soak_run.h"
#include "cli/terminal.h"
#include "config/units.h"
#include "daemon/clock.h"
#include "daemon/process_setup.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

constexpr std::chrono::seconds kInhibitPatience{2};

struct SoakArguments {
  std::string spec;
  std::vector<std::string> command;
  ConfigFlags flags;
  std::string duration = "8h";
  std::string away = "1m";
  std::optional<std::string> warm_up;
  std::optional<std::string> report;
  bool no_terminal = false;
  bool json = false;
  bool verbose = false;
};

// Everything that a wrong command line or configuration can break.
Result<SoakOptions> options_of(const SoakArguments& args) {
  if (args.spec.empty() == args.command.empty()) {
    return invalid("give a SPEC to soak, or a command behind --");
  }
  ConfigFlags flags = args.flags;
  if (args.verbose) flags.log_level = "debug";
  auto config = foreground_config(flags, args.spec, args.command);
  if (!config) return invalid(config.error().message);
  SoakOptions options;
  options.config = std::move(*config);
  options.config.storage.live_csv.clear();
  const auto read = [](const std::string& text, const char* flag, milliseconds& into) {
    auto parsed = parse_duration(text);
    if (!parsed) return Result<void>(parsed.error().in(flag));
    into = *parsed;
    return Result<void>();
  };
  if (auto ok = read(args.duration, "--for", options.duration); !ok) return ok.error();
  if (options.duration <= milliseconds(0)) return invalid("--for: must be more than nothing");
  if (auto ok = read(args.away, "--away", options.away); !ok) return ok.error();
  if (args.warm_up) {
    auto ok = read(*args.warm_up, "--warm-up", options.config.detection.warm_up);
    if (!ok) return ok.error();
  }
  options.terminal = !args.no_terminal;
  return options;
}

Result<void> make_folder(const SoakArguments& args, SoakOptions& options) {
  const Target& target = options.config.targets.front();
  const std::string name =
      args.report.value_or(default_folder_name(target.name, read_clocks().wall));
  auto folder = open_report_folder(name, space_needed_bytes(options.duration, target.interval));
  if (!folder) return folder.error();
  options.folder = *folder;
  options.config.storage.database = folder->database();
  return {};
}

// What the person should know before hours have passed.
void tell_beginning(const SoakOptions& options) {
  const Target& target = options.config.targets.front();
  std::fprintf(stderr, "soak of %s for %s, report in %s\n", printable(target.name).c_str(),
               format_duration(options.duration).c_str(),
               printable(options.folder.folder.string(), 4096).c_str());
  const auto shortest = shortest_soak(needed_spans(options.config, target));
  if (!shortest) {
    std::fprintf(stderr,
                 "this configuration can give no PASS: a leak from the start is never found by it "
                 "(detection.cold_start_span against the longest window)\n");
  } else if (options.duration < *shortest) {
    std::fprintf(stderr,
                 "a verdict needs at least %s with this configuration: %s can end in FAIL or "
                 "INCONCLUSIVE, not in PASS\n",
                 format_duration(*shortest).c_str(), format_duration(options.duration).c_str());
  } else {
    std::fprintf(stderr, "a verdict needs at least %s with this configuration\n",
                 format_duration(*shortest).c_str());
  }
}

std::optional<SleepInhibitor> keep_awake(SoakOptions& options, const Logger& logger) {
  auto inhibitor =
      SleepInhibitor::take("a soak of " + options.config.targets.front().name, kInhibitPatience);
  if (inhibitor) {
    logger->debug("the machine is kept awake by logind");
    return std::move(*inhibitor);
  }
  logger->debug("{}", inhibitor.error().message);
  options.remarks.push_back(inhibitor.error().message);
  return std::nullopt;
}

Logger soak_logger(const Config& config, Console& console) {
  Logger logger = make_logger(config.log);
  if (!console.live()) return logger;
  logger->sinks() = {std::make_shared<ConsoleSink>(console)};
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e %-7l %v");
  return logger;
}

int tell_end(const SoakReport& report, bool json) {
  const auto written = write_reports(report);
  const std::string text =
      json ? soak_json(report) + "\n" : soak_text(report, wants_color(Stream::kOut));
  std::fwrite(text.data(), 1, text.size(), stdout);
  const int status = report.judgement.exit_status;
  if (written) return status;
  report_error(written.error());
  // Who waits for junit.xml must not take its absence for success.
  return status == kExitDone ? kExitError : status;
}

int soak(const SoakArguments& args) {
  auto options = options_of(args);
  if (!options) return report_error(options.error());
  // A reader that goes away, and a file that may not grow, end neither us nor the command.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  if (auto made = make_folder(args, *options); !made) return report_error(made.error());
  prepare_process();
  tell_beginning(*options);
  Console console(is_terminal(Stream::kErr));
  const Logger logger = soak_logger(options->config, console);
  const std::optional<SleepInhibitor> awake = keep_awake(*options, logger);
  SoakRun run(std::move(*options), console, logger);
  auto report = run.run();
  if (!report) {
    report_error(report.error());
    return kExitError;
  }
  return tell_end(*report, args.json);
}

}  // namespace

void add_soak_command(CLI::App& app, const std::vector<std::string>& words, int& status) {
  auto args = std::make_shared<SoakArguments>();
  args->command = words;
  CLI::App* command = app.add_subcommand(
      "soak", "Run a command, or attach to a process, for hours: PASS, FAIL or INCONCLUSIVE");
  command->add_option("spec", args->spec, "What to attach to: pid:1234, sidecar, port:6060, ...")
      ->type_name("SPEC");
  command->add_option("--for", args->duration, "How long to watch (8h)")->type_name("DURATION");
  command
      ->add_option(
          "--report", args->report,
          "Folder for report.html, report.md, report.json, junit.xml, samples.db, its captures and "
          "command.log; without it "
          "soakwatch-soak-NAME-YYYYMMDD-HHMMSS here")
      ->type_name("DIR");
  command
      ->add_option("--warm-up", args->warm_up,
                   "What is left out after the start of a process (detection.warm_up, 10m)")
      ->type_name("DURATION");
  command->add_option("--config", args->flags.config_file, "Configuration file")->type_name("FILE");
  command
      ->add_option("--interval", args->flags.interval,
                   "Time between two rounds, such as 500ms or 5s")
      ->type_name("DURATION");
  command->add_option("--away", args->away, "A target without a process for so long is lost (1m)")
      ->type_name("DURATION");
  command->add_flag("--no-terminal", args->no_terminal,
                    "Give the command a pipe for its output, and no terminal of its own");
  command->add_flag("--json", args->json, "Print report.json on stdout, not the text");
  command->add_flag("--verbose", args->verbose, "Tell more on stderr");
  command->footer(
      "The command runs in a terminal of its own that nobody sees, so that a program with a screen "
      "works\n"
      "by night and in CI as well; what it prints goes to command.log. Where it is a shell, make "
      "or `go run`,\n"
      "the program below that is watched, also after a restart. All of it is ended with the soak.\n"
      "Ctrl+C ends the watch early and judges what there is; twice, it ends at once.\n"
      "Exit status: 0 PASS, 1 error, 2 usage or configuration, 3 FAIL (a leak), 4 INCONCLUSIVE, 5 "
      "the target was\n"
      "lost, or the command ended before the time.\n"
      "Examples:\n"
      "  soakwatch soak --for 8h -- ./sidecar --project .      tonight\n"
      "  soakwatch soak --for 8h sidecar                       one that runs already\n"
      "  soakwatch soak --for 4h --report out -- ./server      in CI: out/junit.xml\n"
      "  soakwatch soak --for 5m --config short.yaml -- ./x    docs/soak.md says what to put "
      "there");
  command->callback([args, &status] { status = soak(*args); });
}

}  // namespace soakwatch
