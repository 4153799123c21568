// The course of a soak: launch or attach, warm up, sample until the time is up, end what was
// launched, judge.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/analyze/replay.h"
#include "cli/soak/command_run.h"
#include "cli/soak/console.h"
#include "cli/soak/movement.h"
#include "cli/soak/needed_span.h"
#include "cli/soak/soak_report.h"
#include "config/config.h"
#include "daemon/monitor.h"

namespace soakwatch {

struct SoakOptions {
  Config config;  // with one target, and the folder's database
  ReportFolder folder;
  milliseconds duration{0};
  milliseconds away{60000};          // a target without a process for so long is lost
  bool terminal = true;              // CommandOptions::terminal
  std::vector<std::string> remarks;  // SoakReport::remarks
};

// Runs once. On one thread.
class SoakRun : private Listener {
 public:
  SoakRun(SoakOptions options, Console& console, Logger logger);

  // Until the time is up, the target is lost, or a signal comes: then it judges what there is. A
  // second signal ends the program at once, and the command with it. Error: nothing could be begun.
  Result<SoakReport> run();

 private:
  using Clock = std::chrono::steady_clock;

  void on_sample(const std::string& target, const ProcessInfo& process,
                 const Sample& sample) override;
  void on_event(const std::string& target, const Event& event) override;
  void on_alert(const AlertTransition& transition) override;

  [[nodiscard]] const Target& target() const { return options_.config.targets.front(); }
  [[nodiscard]] bool is_command() const { return target().spec.kind == TargetKind::kCommand; }
  Result<pid_t> command_process();
  void wait_for_signals();
  boost::asio::awaitable<void> course();
  boost::asio::awaitable<void> watch();
  boost::asio::awaitable<void> end_command();
  boost::asio::awaitable<void> sleep_until(Clock::time_point time);
  // Whether the watch is over; sets the ending.
  bool is_over();
  [[nodiscard]] std::string words_of_lost() const;
  void note_warm();
  void show_progress();
  [[nodiscard]] milliseconds passed() const;
  void note(std::string text);
  SoakReport report();
  void take_command_end(SoakReport& report);
  void add_notes(SoakReport& report);
  // The daemon's own judging may know who is behind a growth, which a replay does not.
  void take_culprits(Analysis& analysis) const;

  SoakOptions options_;
  std::vector<std::string> notes_;
  Console& console_;
  Logger logger_;
  std::vector<NeededSpan> needed_;
  boost::asio::io_context context_{1};
  boost::asio::signal_set signals_;
  boost::asio::steady_timer timer_;
  std::unique_ptr<CommandRun> command_;
  std::unique_ptr<Monitor> monitor_;
  bool monitor_done_ = false;
  int interrupted_ = 0;  // by this signal
  bool command_ended_by_us_ = false;

  Clock::time_point started_;
  Clock::time_point stopped_;
  Clock::time_point last_line_;
  WallTime began_;
  SoakEnding ending_;

  // The same samples as the database gets, judged as `analyze` would: what the disk loses does not
  // change the verdict.
  Replay replay_;
  std::optional<ProcessInfo> process_;  // that is watched, or was last
  bool replaced_ = false;               // it became another program: the next sample is of that
  std::optional<Clock::time_point> away_since_;
  milliseconds first_sample_{0};  // of the process, monotonic
  milliseconds last_sample_{0};
  bool warm_ = false;
  Movement movement_;
  std::int64_t rounds_ = 0;
  std::int64_t restarts_ = 0;
  bool pprof_seen_ = false;
  std::map<AlertId, Alert> alerts_;
};

}  // namespace soakwatch
