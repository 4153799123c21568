// Watches one target: finds its process, samples it round by round, finds it again after a restart.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <optional>
#include <string>

#include "collectors/procfs/process_reader.h"
#include "config/config.h"
#include "daemon/child_process.h"
#include "daemon/evidence_feed.h"
#include "daemon/pipeline.h"
#include "daemon/process_search.h"
#include "daemon/target_process.h"
#include "daemon/workload.h"
#include "model/target.h"

namespace soakwatch {

class DetailFeed;
class PprofFeed;

// How a target came to its end, where it has one: a pid that ended, a child that exited.
enum class TargetEnd { kNone, kNotFound, kNotStarted, kEnded };

// On the executor's thread. Two rounds of one target never overlap, and one target's slowness
// delays only itself.
class TargetWatcher {
 public:
  struct Parts {
    boost::asio::any_io_executor executor;
    boost::asio::thread_pool* workers = nullptr;
    ProcessSearch* search = nullptr;
    Pipeline* pipeline = nullptr;
    Logger logger;
    std::filesystem::path proc_root = "/proc";
    std::string boot_id;
    std::filesystem::path database;    // to read old samples from; empty: none
    CaptureStore* captures = nullptr;  // null: captures are not kept
    bool final_captures = false;       // take them when the watch ends
    // Of a command that somebody else starts and ends; empty: the watcher does.
    CommandProcess command_process{};
    Workload* workload = nullptr;     // of all targets; must not be null
    bool keeps_pace = false;          // also where the others do less
    std::function<void()> on_tick{};  // after each round and each search; empty: nobody listens
  };
  // `config` and everything in `parts` must outlive run().
  TargetWatcher(Parts parts, const Config& config, Target target);

  // A command that runs already, in place of starting it. Before run().
  void adopt(ChildProcess child) { process_.adopt(std::move(child)); }

  // Watches until stop(), or until the target can never come back. Run it once.
  boost::asio::awaitable<TargetEnd> run();
  // Ends run() soon: at once, or when a read on a worker thread is done. Fetches are cancelled.
  void stop();
  // The same, but a command that was started runs on.
  void stop_without_child();
  // That command, once run() is over. Nothing where there is none, or where it has ended.
  std::optional<ChildProcess> take_child() { return process_.take_child(); }
  // A process of the target is watched right now.
  [[nodiscard]] bool has_process() const { return pprof_ != nullptr; }

 private:
  using Clock = std::chrono::steady_clock;

  // What looks deeper than the metrics.
  struct Looks {
    EvidenceFeed& evidence;
    FieldWatch& fields;
  };

  boost::asio::awaitable<std::optional<ProcessReader>> find();
  boost::asio::awaitable<void> watch(ProcessReader found);
  // As sample_until_end().
  boost::asio::awaitable<std::string> rounds(const std::shared_ptr<ProcessReader>& process,
                                             InstanceId id);
  boost::asio::awaitable<std::vector<Capture>> kept_captures(InstanceId id);
  EvidenceFeed::OnEvidence evidence_taker(InstanceId id);
  boost::asio::awaitable<ProcessJudge> judge_for(Pipeline::Begin instance, ProcessInfo process);
  // Why the instance ended; empty when the watcher is stopped, or when the process became another
  // program.
  boost::asio::awaitable<std::string> sample_until_end(ProcessReader& process, InstanceId id,
                                                       PprofFeed& pprof, DetailFeed& detail,
                                                       Looks looks_at);
  boost::asio::awaitable<void> sleep_until(Clock::time_point time);
  void report_tick() const;
  [[nodiscard]] milliseconds interval_now() const;
  void note_gap(InstanceId id, const Moment& before, const Moment& now, milliseconds interval);
  [[nodiscard]] TargetProcess::Parts process_parts();

  Parts parts_;
  const Config& config_;
  Target target_;
  TargetId id_ = 0;
  TargetProcess process_;
  FailureLog search_failures_;
  boost::asio::steady_timer timer_;
  PprofFeed* pprof_ = nullptr;  // while an instance is watched
  bool waiting_told_ = false;
  bool stopping_ = false;
  bool leave_child_ = false;
};

}  // namespace soakwatch
