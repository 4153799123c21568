#include "daemon/monitor.h"

#include <syslog.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <exception>

#include "daemon/clock.h"
#include "daemon/journal_entry.h"
#include "daemon/options.h"

namespace soakwatch {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kNotifierQueueLimit = 1000;
constexpr milliseconds kFlushPatience{3000};
constexpr milliseconds kLeastFlushPatience{1000};

// `fields`: the log is the journal's, and text.
void log_transition(spdlog::logger& logger, bool fields, const AlertTransition& transition,
                    const std::string& text) {
  const bool firing = transition.alert.state == AlertState::kFiring;
  const bool critical = transition.alert.finding.severity == Severity::kCritical;
  const auto level = !firing    ? spdlog::level::info
                     : critical ? spdlog::level::err
                                : spdlog::level::warn;
  const int priority = !firing ? LOG_INFO : critical ? LOG_ERR : LOG_WARNING;
  if (fields && logger.should_log(level) && write_journal_entry(transition, text, priority)) return;
  logger.log(level, "{}", text);
}

std::vector<std::unique_ptr<Notifier>> make_notifiers(const AlertConfig& config,
                                                      const Logger& logger, bool fields) {
  std::vector<std::unique_ptr<Notifier>> notifiers;
  notifiers.push_back(
      make_log_notifier([logger, fields](const AlertTransition& t, const std::string& text) {
        log_transition(*logger, fields, t, text);
      }));
  if (!config.jsonl.empty()) notifiers.push_back(make_jsonl_notifier(config.jsonl));
  if (!config.exec.command.empty()) {
    notifiers.push_back(make_exec_notifier({config.exec.command, config.exec.timeout}));
  }
  return notifiers;
}

// What an earlier run said of the clock; nothing also where the file cannot be read, or not yet.
std::optional<ClockReading> last_reading(const std::filesystem::path& database) {
  auto reader = SampleReader::open(database);
  if (!reader) return std::nullopt;
  const auto reading = reader->clock();
  return reading ? *reading : std::nullopt;
}

}  // namespace

Result<std::unique_ptr<Monitor>> Monitor::create(asio::io_context& context, const Config& config,
                                                 MonitorOptions options, Logger logger) {
  std::unique_ptr<Monitor> monitor(
      new Monitor(context, config, std::move(options), std::move(logger)));
  if (auto opened = monitor->open(); !opened) return opened.error();
  return monitor;
}

Monitor::Monitor(asio::io_context& context, const Config& config, MonitorOptions options,
                 Logger logger)
    : context_(context),
      config_(config),
      options_(std::move(options)),
      logger_(std::move(logger)) {}

Monitor::~Monitor() { workers_.join(); }

Result<void> Monitor::open() {
  auto boot_id = read_boot_id(options_.proc_root);
  if (!boot_id) return boot_id.error();
  boot_id_ = *boot_id;
  if (options_.store) {
    StoreOptions kept = store_options(config_.storage);
    clock_.emplace(TrustedClock::Options{}, read_clocks(), last_reading(config_.storage.database));
    kept.retention.now = [this] { return clock_->look(read_clocks()); };
    if (const ClockReading reading = kept.retention.now(); !reading.is_trusted()) {
      logger_->info(
          "{} since this database was written, or the clock is wrong: rows get older from {} "
          "until it has gone on for a day",
          format_duration(reading.ahead), format_utc(reading.sure()));
    }
    auto store = SampleStore::open(kept);
    if (!store) return store.error();
    store_ = std::move(*store);
    const std::string& notice = store_->startup_notice();
    if (!notice.empty() && store_->stats().replaced_files == 0) logger_->warn("{}", notice);
    if (config_.evidence.enabled) {
      CaptureOptions options = capture_options(config_);
      options.now = [this] { return clock_->look(read_clocks()).sure(); };
      auto captures = CaptureStore::open(*store_, options, options.now());
      // Without them nobody is named, but all is watched.
      if (captures) {
        captures_ = std::move(*captures);
      } else {
        logger_->warn("captures are not kept: {}", captures.error().message);
      }
    }
    store_->on_commit([logger = logger_](std::int64_t row, std::uint64_t committed) {
      logger->trace("committed through row {}, {} samples in all", row, committed);
    });
  }
  const bool fields =
      place_of_stderr() == LogPlace::kJournal && config_.log.format == LogFormat::kText;
  notifiers_ = std::make_unique<NotifierQueue>(
      make_notifiers(config_.alerts, logger_, fields), kNotifierQueueLimit,
      [logger = logger_](const std::string& what) { logger->error("{}", what); });
  if (store_) {
    store_watch_ = std::make_unique<StoreWatch>(
        StoreWatch::Parts{context_.get_executor(), &workers_, store_.get(), captures_.get(),
                          notifiers_.get(), &*clock_, logger_});
  }
  search_ = std::make_unique<ProcessSearch>(workers_, options_.proc_root,
                                            config_.sampling.discovery_interval / 2);
  pipeline_ = std::make_unique<Pipeline>(
      Pipeline::Parts{store_.get(), notifiers_.get(), options_.listener, logger_,
                      alert_options(config_.alerts), config_.evidence.enabled});
  if (store_) {
    auto reader = SampleReader::open(config_.storage.database);
    if (!reader) return reader.error();
    const auto is_alive = [this](const ProcessId& id) {
      if (id.boot_id != boot_id_) return false;
      auto process = ProcessReader::open(options_.proc_root, id.pid, boot_id_);
      // Where it is hidden from us, its watcher finds out.
      if (!process) return process.error().kind != ErrorKind::kNotFound;
      return process->info().id.start_ticks == id.start_ticks;
    };
    auto restored = pipeline_->restore(*reader, is_alive, read_clocks().wall);
    if (!restored) return restored.error();
    if (const StoreStats stats = store_->stats(); stats.replaced_files > 0) {
      pipeline_->event(
          {read_clocks().wall, EventKind::kStoreReplaced, 0, 0, store_->startup_notice()});
      store_watch_->tell_replacement(stats);
    }
  }
  return {};
}

void Monitor::start(std::function<void()> on_done) {
  on_done_ = std::move(on_done);
  ends_.assign(config_.targets.size(), TargetEnd::kNone);
  running_ = config_.targets.size();
  tell(EventKind::kDaemonStarted, "version " SOAKWATCH_VERSION);
  if (store_watch_) {
    asio::co_spawn(context_, store_watch_->run(), [this](const std::exception_ptr& error) {
      if (error) logger_->error("the state of the database is no longer looked at");
    });
  }
  for (std::size_t i = 0; i < config_.targets.size(); ++i) {
    watchers_.push_back(
        std::make_unique<TargetWatcher>(watcher_parts(), config_, config_.targets[i]));
    adopt_command(*watchers_.back(), config_.targets[i]);
    asio::co_spawn(
        context_, watchers_.back()->run(),
        [this, i](const std::exception_ptr& error, TargetEnd end) { target_done(i, error, end); });
  }
  commands_.clear();
  if (options_.watch_self && config_.self.enabled) start_self_watch();
}

TargetWatcher::Parts Monitor::watcher_parts() {
  TargetWatcher::Parts parts;
  parts.executor = context_.get_executor();
  parts.workers = &workers_;
  parts.search = search_.get();
  parts.pipeline = pipeline_.get();
  parts.logger = logger_;
  parts.proc_root = options_.proc_root;
  parts.boot_id = boot_id_;
  if (store_) parts.database = config_.storage.database;
  parts.captures = captures_.get();
  parts.final_captures = options_.final_captures;
  parts.command_process = options_.command_process;
  parts.on_tick = options_.on_tick;
  parts.workload = &workload_;
  return parts;
}

// As a target like any other, but one that is never looked for: it is here.
void Monitor::start_self_watch() {
  workload_.throttle =
      Throttle({config_.self.max_cpu, static_cast<double>(config_.self.max_memory_bytes)});
  const auto on_event = [this](EventKind kind, std::string what) {
    pipeline_->event({read_clocks().wall, kind, 0, 0, std::move(what)});
  };
  self_watch_ = std::make_unique<SelfWatch>(SelfWatch::Parts{
      context_.get_executor(), &workers_, store_.get(), notifiers_.get(), &workload_, logger_,
      on_event, static_cast<std::size_t>(config_.storage.queue_limit_rows), config_.self.interval});
  self_parts_ = 1;
  asio::co_spawn(context_, self_watch_->run(),
                 [this](const std::exception_ptr& error) { self_part_done(error); });
  const bool taken = std::ranges::any_of(
      config_.targets, [](const Target& target) { return target.name == kSelfTargetName; });
  if (taken) {
    logger_->info("a target is called {}: the daemon does not watch its own process",
                  kSelfTargetName);
    return;
  }
  Target self{std::string(kSelfTargetName), {}, config_.self.interval};
  self.spec.kind = TargetKind::kCommand;
  self.spec.command = {self.name};
  self.spec.pprof = PprofMode::kOff;
  TargetWatcher::Parts parts = watcher_parts();
  parts.command_process = [] { return Result<pid_t>(getpid()); };
  parts.on_tick = {};  // that it looks at itself proves nothing
  parts.keeps_pace = true;
  self_watcher_ = std::make_unique<TargetWatcher>(std::move(parts), config_, std::move(self));
  ++self_parts_;
  asio::co_spawn(context_, self_watcher_->run(),
                 [this](const std::exception_ptr& error, TargetEnd) { self_part_done(error); });
}

void Monitor::self_part_done(const std::exception_ptr& error) {
  if (error) logger_->error("the daemon no longer watches itself");
  --self_parts_;
  if (running_ == 0 && self_parts_ == 0) all_done();
}

void Monitor::adopt_command(TargetWatcher& watcher, const Target& target) {
  const auto found = std::ranges::find_if(commands_, [&](const RunningCommand& running) {
    return running.target.name == target.name && running.target.spec.kind == target.spec.kind &&
           running.target.spec.command == target.spec.command;
  });
  if (found != commands_.end()) watcher.adopt(std::move(found->process));
}

void Monitor::target_done(std::size_t target, const std::exception_ptr& error, TargetEnd end) {
  ends_[target] = end;
  try {
    if (error) std::rethrow_exception(error);
  } catch (const std::exception& e) {
    logger_->error("{}: no longer watched: {}", config_.targets[target].name, e.what());
  }
  if (--running_ > 0) return;
  if (self_parts_ == 0) return all_done();
  self_watch_->stop();
  if (self_watcher_) self_watcher_->stop();
}

void Monitor::all_done() {
  tell(EventKind::kDaemonStopped, stop_detail_);
  if (store_watch_) store_watch_->stop();
  on_done_();
}

void Monitor::tell(EventKind kind, const char* detail) {
  if (!store_) return;  // a foreground command that keeps nothing is no daemon
  pipeline_->event({read_clocks().wall, kind, 0, 0, detail});
}

Result<void> Monitor::finish() {
  const auto now = std::chrono::steady_clock::now();
  const auto deadline = stop_begun_.value_or(now) + kStopPatience;
  notifiers_->finish(deadline);
  if (!store_) return {};
  const auto left = std::chrono::duration_cast<milliseconds>(deadline - now);
  return store_->close(std::clamp(left, kLeastFlushPatience, kFlushPatience));
}

std::unique_ptr<NotifierQueue> Monitor::take_notifiers() { return std::move(notifiers_); }

void Monitor::tell_own_stats() {
  if (self_watch_) {
    self_watch_->tell();
  } else {
    logger_->info("the daemon does not watch itself: self.enabled is false");
  }
}

void Monitor::stop() {
  stop_begun_ = std::chrono::steady_clock::now();
  for (const auto& watcher : watchers_) watcher->stop();
}

void Monitor::hand_over() {
  stop_detail_ = "to go on with a new configuration";
  for (const auto& watcher : watchers_) watcher->stop_without_child();
}

std::vector<RunningCommand> Monitor::take_commands() {
  std::vector<RunningCommand> commands;
  for (std::size_t i = 0; i < watchers_.size(); ++i) {
    if (auto child = watchers_[i]->take_child())
      commands.push_back({config_.targets[i], std::move(*child)});
  }
  return commands;
}

Monitor::Summary Monitor::summary() const {
  Summary summary{config_.targets.size(), 0, 0};
  for (const auto& watcher : watchers_) summary.running += watcher->has_process() ? 1 : 0;
  for (const Alert& alert : pipeline_->open_alerts()) {
    summary.firing += alert.state == AlertState::kFiring ? 1 : 0;
  }
  return summary;
}

}  // namespace soakwatch
