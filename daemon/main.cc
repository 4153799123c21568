// soakwatchd: watches the configured targets until it is told to stop. SIGHUP takes up a changed
// configuration; in a terminal it ends the daemon, as the terminal does.
#include <fmt/format.h>
#include <systemd/sd-daemon.h>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "config/load_config.h"
#include "daemon/clock.h"
#include "daemon/command_line.h"
#include "daemon/effective_config.h"
#include "daemon/logging.h"
#include "daemon/monitor.h"
#include "daemon/process_setup.h"
#include "daemon/service_protocol.h"

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
         "Database; without it $SOAKWATCH_DB, storage.database of the configuration file, or "
         "~/.local/state/soakwatch/soakwatch.db (root: /var/lib/soakwatch/soakwatch.db)")
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

Result<void> something_to_watch(const Config& config) {
  if (!config.targets.empty()) return {};
  return invalid(
      "nothing to watch: give --target SPEC (such as --target sidecar), or `targets:` in the "
      "configuration file");
}

// For what happens before there is a log.
void complain(const std::string& text) {
  const char* priority = place_of_stderr() == LogPlace::kJournal ? SD_ERR : "";
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::fprintf(stderr, "%s%s\n", priority, line.c_str());
  }
}

// One monitor after another: a new configuration gets a new one. The database, which knows open
// alerts and the samples of each process, is what the next one starts from; so a target that stays
// the same is judged on as if nothing had been. In one process, and not by starting anew, because
// the old configuration is taken up again when the new one turns out not to work.
class Daemon {
 public:
  Daemon(ConfigFlags flags, Config config);
  // The exit status.
  int run();

 private:
  enum class Wish { kNone, kReload, kStop };

  bool start(const Config& config);
  bool start_next();
  void leave_notifiers();
  void wait_for_signal();
  void on_signal(int signal);
  void reload();
  [[nodiscard]] std::string status() const;

  ConfigFlags flags_;
  Config config_;
  std::optional<Config> next_;
  Logger logger_;
  ServiceProtocol service_;
  boost::asio::io_context context_{1};
  boost::asio::signal_set signals_{context_};
  bool hangup_reloads_;
  std::unique_ptr<Monitor> monitor_;
  std::vector<RunningCommand> commands_;
  // Of the monitors before: hooks that worked when the configuration changed.
  std::vector<std::unique_ptr<NotifierQueue>> leaving_;
  std::string refusal_;  // why the newest configuration is not the one that counts
  Wish wish_ = Wish::kNone;
};

std::chrono::microseconds watchdog_of_manager() {
  std::uint64_t microseconds = 0;
  if (sd_watchdog_enabled(0, &microseconds) <= 0) return {};
  return std::chrono::microseconds(microseconds);
}

Daemon::Daemon(ConfigFlags flags, Config config)
    : flags_(std::move(flags)),
      config_(std::move(config)),
      logger_(make_logger(config_.log)),
      service_([](const std::string& state) { sd_notify(0, state.c_str()); },
               watchdog_of_manager()),
      hangup_reloads_(!has_terminal()) {
  prepare_process();
  std::signal(SIGPIPE, SIG_IGN);  // a log that nobody reads any more ends no daemon
  // Before the store is opened, which may take a while after an unclean stop.
  for (const int signal : stop_signals()) signals_.add(signal);
  signals_.add(SIGUSR1);
}

int Daemon::run() {
  if (!start(config_)) return kExitError;
  while (true) {
    context_.restart();
    context_.run();
    const auto stored = monitor_->finish();
    if (!stored) logger_->error("{}", stored.error().message);
    if (wish_ == Wish::kReload) {
      if (!start_next()) return kExitError;
      continue;
    }
    if (!stored) return kExitError;
    if (wish_ == Wish::kStop) return 0;
    logger_->warn("every target has come to its end");
    return kExitTargetLost;
  }
}

bool Daemon::start(const Config& config) {
  MonitorOptions options;
  options.watch_self = true;
  options.on_tick = [this] { service_.tick(read_clocks().monotonic, [this] { return status(); }); };
  auto monitor = Monitor::create(context_, config, std::move(options), logger_);
  if (!monitor) {
    refusal_ = monitor.error().message;
    logger_->error("{}", refusal_);
    return false;
  }
  monitor_ = std::move(*monitor);
  monitor_->adopt(std::move(commands_));
  commands_.clear();
  wait_for_signal();
  monitor_->start([this] { signals_.cancel(); });
  service_.ready(longest_pause(config), status());
  return true;
}

// With the next configuration, or with the one before where that does not work.
bool Daemon::start_next() {
  wish_ = Wish::kNone;
  commands_ = monitor_->take_commands();
  leave_notifiers();
  monitor_.reset();  // which lets go of the database
  const Logger logger_before = std::exchange(logger_, make_logger(next_->log));
  refusal_.clear();
  if (start(*next_)) {
    config_ = *std::exchange(next_, std::nullopt);
    logger_->info("the new configuration counts");
    return true;
  }
  logger_ = logger_before;
  logger_->error("the configuration before goes on");
  next_.reset();
  return start(config_);
}

// Nobody waits for a hook that takes long: it ends beside the next monitor, by its time-out.
void Daemon::leave_notifiers() {
  constexpr std::size_t kMostLeaving = 8;
  std::erase_if(leaving_, [](const auto& queue) { return queue->is_finished(); });
  if (leaving_.size() >= kMostLeaving) {
    leaving_.front()->finish(std::chrono::steady_clock::now());  // its hooks are interrupted
    leaving_.erase(leaving_.begin());
  }
  leaving_.push_back(monitor_->take_notifiers());
}

void Daemon::wait_for_signal() {
  signals_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (!error) on_signal(signal);
  });
}

void Daemon::on_signal(int signal) {
  if (signal == SIGHUP && hangup_reloads_) {
    reload();
    wait_for_signal();
    return;
  }
  if (signal == SIGUSR1) {
    monitor_->tell_own_stats();
    wait_for_signal();
    return;
  }
  wish_ = Wish::kStop;
  for (const auto& queue : leaving_)
    queue->finish(std::chrono::steady_clock::now() + kStopPatience);
  signals_.clear();  // a second one ends the program at once
  logger_->info("stopping on signal {}", signal);
  service_.stopping();
  monitor_->stop();
}

void Daemon::reload() {
  service_.reloading(std::chrono::microseconds(read_clocks().monotonic));
  auto config = effective_config(flags_);
  const auto usable = config ? something_to_watch(*config) : Result<void>(config.error());
  if (usable) {
    next_ = std::move(*config);
    wish_ = Wish::kReload;
    monitor_->hand_over();
    return;
  }
  refusal_ = usable.error().message;
  std::istringstream lines(refusal_);
  for (std::string line; std::getline(lines, line);) {
    logger_->error("the new configuration is refused: {}", line);
  }
  service_.ready(longest_pause(config_), status());
}

std::string Daemon::status() const {
  const Monitor::Summary now = monitor_->summary();
  std::string text = fmt::format("watching {} of {} targets, {} alerts fire", now.running,
                                 now.targets, now.firing);
  if (!refusal_.empty()) text += "; the newest configuration is refused: " + refusal_;
  return text;
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
      complain(config.error().message);
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
    if (auto usable = something_to_watch(*config); !usable) {
      complain(usable.error().message);
      return kExitUsage;
    }
    return Daemon(args.flags, *std::move(config)).run();
  } catch (const std::exception& e) {
    complain(std::string("soakwatchd: ") + e.what());
    return kExitError;
  }
}
