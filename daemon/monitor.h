// The composition of everything that runs: targets, workers, pipeline. Used by the daemon and by
// the foreground commands of the command line.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "alerts/notifier.h"
#include "config/config.h"
#include "daemon/logging.h"
#include "daemon/pipeline.h"
#include "daemon/process_search.h"
#include "daemon/self_watch.h"
#include "daemon/store_watch.h"
#include "daemon/target_watcher.h"
#include "daemon/trusted_clock.h"
#include "daemon/workload.h"
#include "storage/sample_store.h"

namespace soakwatch {

struct MonitorOptions {
  bool store = true;             // false: nothing is kept, no database is touched
  bool final_captures = false;   // take captures when the watch is stopped: up to 30 s
  bool watch_self = false;       // where the configuration wants it, too
  Listener* listener = nullptr;  // must outlive the monitor
  std::filesystem::path proc_root = "/proc";
  // As TargetWatcher::Parts::command_process.
  CommandProcess command_process{};
  // After each round and each search of each target, on the loop: that it comes is the proof that
  // the daemon does its work. Empty: nobody listens.
  std::function<void()> on_tick{};
};

// Of a stop, which as a whole takes 5 s at most: commands have ended after two, and hooks that work
// on after this are interrupted and get half a second.
inline constexpr milliseconds kStopPatience{4000};

// A command of a target that was started by one monitor and is watched on by the next.
struct RunningCommand {
  Target target;
  ChildProcess process;
};

class Monitor {
 public:
  // Opens the store and restores open alerts. Errors are for a person.
  static Result<std::unique_ptr<Monitor>> create(boost::asio::io_context& context,
                                                 const Config& config, MonitorOptions options,
                                                 Logger logger);
  ~Monitor();
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

  // Commands that run already are not started again where a target is the same but for its
  // interval; the rest is ended. Before start().
  void adopt(std::vector<RunningCommand> commands) { commands_ = std::move(commands); }

  // Starts all targets. `on_done` is called on the loop when every target has come to its end or
  // stop() has taken effect; after that the loop has nothing left to do.
  void start(std::function<void()> on_done);
  // Ends all targets. Loop's thread.
  void stop();
  // The same, for another monitor that goes on in place of this one: commands run on until they are
  // taken.
  void hand_over();
  // What still runs, after the loop.
  std::vector<RunningCommand> take_commands();

  // After the loop: waits for what is queued to be stored. The error says what is lost. What is
  // queued for the notifiers is delivered meanwhile, and by the destructor.
  Result<void> finish();
  // After finish(), in place of that: hooks that work on, for somebody who waits for them.
  std::unique_ptr<NotifierQueue> take_notifiers();

  // A line in the log, soon: how the daemon itself does.
  void tell_own_stats();

  struct Summary {
    std::size_t targets = 0;
    std::size_t running = 0;  // targets whose process is watched right now
    std::size_t firing = 0;   // alerts
  };
  [[nodiscard]] Summary summary() const;

  [[nodiscard]] std::vector<Alert> open_alerts() const { return pipeline_->open_alerts(); }

  // How each target ended; kNone for those that were stopped.
  [[nodiscard]] const std::vector<TargetEnd>& ends() const { return ends_; }

 private:
  Monitor(boost::asio::io_context& context, const Config& config, MonitorOptions options,
          Logger logger);
  Result<void> open();
  [[nodiscard]] TargetWatcher::Parts watcher_parts();
  void start_self_watch();
  void target_done(std::size_t target, const std::exception_ptr& error, TargetEnd end);
  void self_part_done(const std::exception_ptr& error);
  void all_done();
  void tell(EventKind kind, const char* detail);
  void adopt_command(TargetWatcher& watcher, const Target& target);

  boost::asio::io_context& context_;
  Config config_;
  MonitorOptions options_;
  Logger logger_;
  // In the order of who needs whom: the last is destroyed first.
  std::optional<TrustedClock> clock_;  // where there is a store, which it outlives
  std::unique_ptr<SampleStore> store_;
  std::unique_ptr<CaptureStore> captures_;
  std::unique_ptr<NotifierQueue> notifiers_;
  boost::asio::thread_pool workers_{2};
  std::unique_ptr<StoreWatch> store_watch_;  // where there is a store
  std::unique_ptr<ProcessSearch> search_;
  std::unique_ptr<Pipeline> pipeline_;
  std::string boot_id_;
  Workload workload_;
  std::vector<std::unique_ptr<TargetWatcher>> watchers_;
  // Of the daemon itself, where it is watched. They end when the targets have.
  std::unique_ptr<SelfWatch> self_watch_;
  std::unique_ptr<TargetWatcher> self_watcher_;
  int self_parts_ = 0;  // that run
  std::vector<RunningCommand> commands_;
  std::vector<TargetEnd> ends_;
  std::size_t running_ = 0;
  const char* stop_detail_ = "";
  std::optional<std::chrono::steady_clock::time_point> stop_begun_;
  std::function<void()> on_done_;
};

}  // namespace soakwatch
