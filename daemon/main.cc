// soakwatchd: watches the configured targets until it is told to stop.
#include <systemd/sd-daemon.h>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>

#include "config/load_config.h"
#include "daemon/command_line.h"
#include "daemon/effective_config.h"
#include "daemon/logging.h"
#include "daemon/monitor.h"
#include "daemon/process_setup.h"

namespace soakwatch {
namespace {

constexpr int kExitError = 1;
constexpr int kExitTargetLost = 5;

struct Arguments {
  ConfigFlags flags;
  bool check_config = false;
  bool show_config = false;
};

void declare(CLI::App& app, Arguments& args) {
  app.set_version_flag("--version", "soakwatchd " SOAKWATCH_VERSION);
  app.add_option("--config", args.flags.config_file,
                 "Configuration file; without it ~/.config/soakwatch/soakwatch.yaml (root: "
                 "/etc/soakwatch/soakwatch.yaml) where it exists");
  app.add_option("--target", args.flags.targets,
                 "What to watch, any number of times; replaces the targets of the file. pid:1234 | "
                 "name:sidecar | "
                 "port:6060 | cmdline:REGEX | unit:NAME.service | cgroup:PATH, with ,pprof=URL "
                 "added where the "
                 "pprof server is not found by itself")
      ->type_name("SPEC");
  app.add_option(
         "--db", args.flags.database,
         "Database; without it ~/.local/state/soakwatch/soakwatch.db (root: /var/lib/soakwatch)")
      ->type_name("FILE");
  app.add_option("--interval", args.flags.interval,
                 "Time between two rounds, such as 500ms, 5s or 1m")
      ->type_name("DURATION");
  app.add_option("--log-level", args.flags.log_level, "trace, debug, info, warning or error")
      ->type_name("LEVEL");
  app.add_flag("--check-config", args.check_config, "Check the configuration and end");
  app.add_flag("--show-config", args.show_config, "Print the configuration that counts, and end");
  app.footer(
      "Examples:\n"
      "  soakwatchd --target sidecar                    watch every run of `sidecar`, with "
      "defaults\n"
      "  soakwatchd --target port:6060 --interval 1s    whoever listens on port 6060\n"
      "  soakwatchd --config soakwatch.yaml --check-config\n"
      "Look at what it finds with `soakwatch status`, `soakwatch alerts` and `soakwatch export`.");
}

int run(const Config& config) {
  const Logger logger = make_logger(config.log);
  prepare_process();
  std::signal(SIGPIPE, SIG_IGN);  // a log that nobody reads any more ends no daemon
  boost::asio::io_context context(1);
  // Before the store is opened, which may take a while after an unclean stop.
  boost::asio::signal_set signals(context);
  for (const int signal : stop_signals()) signals.add(signal);
  auto monitor = Monitor::create(context, config, {}, logger);
  if (!monitor) {
    logger->error("{}", monitor.error().message);
    return kExitError;
  }
  bool told_to_stop = false;
  signals.async_wait([&](const boost::system::error_code& error, int signal) {
    if (error) return;
    told_to_stop = true;
    signals.clear();  // a second one ends the program at once
    logger->info("stopping on signal {}", signal);
    sd_notify(0, "STOPPING=1");
    (*monitor)->stop();
  });
  (*monitor)->start([&] { signals.cancel(); });
  sd_notify(0, "READY=1");
  context.run();
  if (auto stored = (*monitor)->finish(); !stored) {
    logger->error("{}", stored.error().message);
    return kExitError;
  }
  if (told_to_stop) return 0;
  logger->warn("every target has come to its end");
  return kExitTargetLost;
}

}  // namespace
}  // namespace soakwatch

int main(int argc, char** argv) {
  using namespace soakwatch;
  open_standard_streams();
  CLI::App app(
      "soakwatchd watches processes, keeps what it measures, and raises an alert when one leaks.",
      "soakwatchd");
  Arguments args;
  declare(app, args);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return report_parse_error(app, e);
  }
  try {
    auto config = effective_config(args.flags);
    if (!config) {
      std::fprintf(stderr, "%s\n", config.error().message.c_str());
      return kExitUsage;
    }
    if (args.show_config) {
      std::fputs(show_config(*config).c_str(), stdout);
      return std::fflush(stdout) == 0 ? 0 : kExitError;
    }
    if (args.check_config) {
      std::fprintf(stderr, "the configuration is fine\n");
      return 0;
    }
    if (config->targets.empty()) {
      std::fprintf(
          stderr,
          "nothing to watch: give --target SPEC (such as --target sidecar), or `targets:` in the "
          "configuration file\n");
      return kExitUsage;
    }
    return run(*config);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "soakwatchd: %s\n", e.what());
    return kExitError;
  }
}
