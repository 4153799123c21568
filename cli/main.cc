// soakwatch: everything that a person types.
#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"
#include "config/suggest.h"
#include "daemon/process_setup.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

std::vector<std::string_view> subcommand_names(const CLI::App& app) {
  std::vector<std::string_view> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.emplace_back(command->get_name());
  }
  return names;
}

// A command to start stands behind `--`; the options are before it.
std::vector<std::string> take_command(int& argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) != "--") continue;
    std::vector<std::string> command(argv + i + 1, argv + argc);
    argc = i;
    return command;
  }
  return {};
}

int run(int argc, char** argv) {
  CLI::App app("soakwatch finds resource leaks in running programs.", "soakwatch");
  app.set_version_flag("--version", "soakwatch " SOAKWATCH_VERSION);
  app.require_subcommand(1);
  app.footer(
      "SPEC: pid:1234 | name:sidecar | port:6060 | cmdline:REGEX | unit:NAME.service | "
      "cgroup:PATH, with\n"
      ",pprof=URL added where the pprof server is not found by itself. A bare word is a name, a "
      "bare number a pid.\n"
      "\n"
      "Examples:\n"
      "  soakwatch watch sidecar                        a line per round, alerts as they come\n"
      "  soakwatch soak --for 8h -- ./sidecar           run it overnight: PASS, FAIL or "
      "INCONCLUSIVE\n"
      "  soakwatch status                               what the daemon watches, and how it does\n"
      "  soakwatch alerts                               what leaks\n"
      "  soakwatch report --since 12h -o night.html     one page: what leaks, and what to open\n"
      "  soakwatch analyze soak.db                      judge what was recorded\n"
      "  soakwatch capture sidecar heap                 one profile, for go tool pprof\n"
      "  soakwatch compare before.pb.gz after.pb.gz     which line's memory grew\n"
      "  soakwatch export --preset spreadsheet -o soak.csv\n"
      "  soakwatch doctor sidecar                       is this machine fit, what may be read\n"
      "  soakwatch salvage soak.db.corrupt-* new.db     what is left of a broken database\n"
      "  soakwatch mem-monitor 6060 60                  as mem-monitor.sh did it\n"
      "\n"
      "Exit status: 0 done, 1 error, 2 usage or configuration, 3 a leak was found, 4 "
      "inconclusive,\n"
      "5 the target was lost.\n"
      "The daemon is soakwatchd; see `soakwatchd --help`.");
  int status = kExitDone;
  const std::vector<std::string> command = take_command(argc, argv);
  add_watch_command(app, command, status);
  add_capture_command(app, status);
  add_soak_command(app, command, status);
  add_status_command(app, status);
  add_alerts_command(app, status);
  add_analyze_command(app, status);
  add_compare_command(app, status);
  add_report_command(app, status);
  add_export_command(app, status);
  add_import_command(app, status);
  add_mem_monitor_command(app, status);
  add_doctor_command(app, status);
  add_salvage_command(app, status);
  if (argc < 2) {
    std::fputs(app.help().c_str(), stderr);
    return kExitUsage;
  }
  const auto names = subcommand_names(app);
  const std::string_view first = argv[1];
  if (!first.starts_with('-') && std::find(names.begin(), names.end(), first) == names.end()) {
    std::fprintf(stderr, "soakwatch: unknown command '%s'%s\nSee `soakwatch --help`.\n",
                 printable(first).c_str(), did_you_mean(first, names).c_str());
    return kExitUsage;
  }
  if (!command.empty() && first != "watch" && first != "soak") {
    std::fprintf(stderr, "soakwatch: only `watch` and `soak` take a command behind --\n");
    return kExitUsage;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return report_parse_error(app, e);
  }
  return status;
}

}  // namespace
}  // namespace soakwatch

int main(int argc, char** argv) {
  soakwatch::open_standard_streams();
  try {
    const int status = soakwatch::run(argc, argv);
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
    std::fprintf(stderr, "soakwatch: standard output cannot be written\n");
    return status == soakwatch::kExitDone ? soakwatch::kExitError : status;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "soakwatch: %s\n", e.what());
    return soakwatch::kExitError;
  }
}
