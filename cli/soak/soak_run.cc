#include "cli/soak/soak_run.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <exception>

#include "cli/soak/progress_text.h"
#include "daemon/clock.h"
#include "daemon/process_setup.h"
#include "model/printable.h"

namespace soakwatch {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::seconds kTick{1};
constexpr std::chrono::minutes kLineInterval{10};  // where there is no terminal
constexpr std::chrono::seconds kGrace{10};         // for the command to end in order
constexpr std::size_t kMostNotes = 50;
constexpr std::size_t kLastLines = 20;
constexpr std::size_t kMostAlertsKept = 1000;

milliseconds since(std::chrono::steady_clock::time_point begin,
                   std::chrono::steady_clock::time_point end) {
  return std::chrono::duration_cast<milliseconds>(end - begin);
}

}  // namespace

SoakRun::SoakRun(SoakOptions options, Console& console, Logger logger)
    : options_(std::move(options)),
      console_(console),
      logger_(std::move(logger)),
      needed_(needed_spans(options_.config, target())),
      signals_(context_),
      timer_(context_),
      replay_(options_.config) {}

Result<SoakReport> SoakRun::run() {
  MonitorOptions monitor_options;
  monitor_options.listener = this;
  monitor_options.final_captures = true;  // the command ends after the monitor
  if (is_command()) monitor_options.command_process = [this] { return command_process(); };
  auto monitor = Monitor::create(context_, options_.config, std::move(monitor_options), logger_);
  if (!monitor) return monitor.error();
  monitor_ = std::move(*monitor);
  wait_for_signals();
  std::exception_ptr failure;
  asio::co_spawn(context_, course(), [&](const std::exception_ptr& error) {
    failure = error;
    signals_.cancel();
    if (error) context_.stop();
  });
  context_.run();
  signals_.clear();  // from here on a signal ends the program
  console_.clear();
  if (failure) std::rethrow_exception(failure);
  if (auto stored = monitor_->finish(); !stored) note(stored.error().message);
  return report();
}

Result<pid_t> SoakRun::command_process() { return command_->process(); }

void SoakRun::wait_for_signals() {
  for (const int signal : stop_signals()) signals_.add(signal);
  signals_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;
    if (interrupted_ != 0) {
      console_.clear();
      console_.print("soakwatch: ended by a second signal, without a verdict\n");
      if (command_) command_->kill_all();
      std::signal(signal, SIG_DFL);
      std::raise(signal);
    }
    interrupted_ = signal;
    console_.print("soakwatch: ending early; once more ends at once, without a verdict\n");
    timer_.cancel();
    wait_for_signals();
  });
}

asio::awaitable<void> SoakRun::course() {
  began_ = read_clocks().wall;
  started_ = stopped_ = last_line_ = Clock::now();
  ending_.planned = options_.duration;
  if (is_command()) {
    auto command = CommandRun::start(
        context_, {target().spec.command, options_.terminal, options_.folder.command_log()});
    if (!command) {
      ending_.how = SoakEnding::How::kNotStarted;
      ending_.words = command.error().message;
      co_return;
    }
    command_ = std::move(*command);
  }
  away_since_ = started_;
  monitor_->start([this] {
    monitor_done_ = true;
    timer_.cancel();
  });
  co_await watch();
  stopped_ = Clock::now();
  ending_.watched = since(started_, stopped_);
  console_.clear();
  for (const Alert& alert : monitor_->open_alerts()) alerts_[alert.id] = alert;
  monitor_->stop();
  while (!monitor_done_) {
    co_await sleep_until(Clock::now() + kTick);
  }
  if (command_) {
    co_await end_command();
  }
}

asio::awaitable<void> SoakRun::watch() {
  while (!is_over()) {
    show_progress();
    note_warm();
    co_await sleep_until(std::min(Clock::now() + kTick, started_ + options_.duration));
  }
}

asio::awaitable<void> SoakRun::sleep_until(Clock::time_point time) {
  timer_.expires_at(time);
  co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
}

milliseconds SoakRun::passed() const { return since(started_, Clock::now()); }

bool SoakRun::is_over() {
  using How = SoakEnding::How;
  const std::string after = format_duration(passed());
  const std::string of = format_duration(options_.duration);
  const bool away = away_since_ && since(*away_since_, Clock::now()) >= options_.away;
  const bool time_up = passed() >= options_.duration;
  if (interrupted_ != 0) {
    ending_.how = How::kInterrupted;
    ending_.words = fmt::format("ended early by signal {} after {} of {}", interrupted_, after, of);
  } else if (monitor_done_ && command_ && command_->ended()) {
    ending_.how = How::kCommandEnded;
    ending_.words =
        fmt::format("the command {} after {}, before {} were over", *command_->ended(), after, of);
  } else if (monitor_done_ || away || (time_up && away_since_ && !command_)) {
    ending_.how = How::kTargetLost;
    ending_.words = fmt::format("{} after {}, before {} were over", words_of_lost(), after, of);
  } else if (!time_up) {
    return false;
  }
  return true;
}

std::string SoakRun::words_of_lost() const {
  if (!process_) return "no process was found for " + printable(to_string(target().spec));
  return fmt::format("the target was lost: pid {} ended{}", process_->id.pid,
                     monitor_done_ ? "" : ", and no other came");
}

void SoakRun::note_warm() {
  const milliseconds warm_up = options_.config.detection.warm_up;
  if (warm_ || !process_ || away_since_ || last_sample_ - first_sample_ < warm_up) return;
  warm_ = true;
  if (!pprof_seen_ && target().spec.pprof != PprofMode::kOff) {
    logger_->info("{}: no pprof server was found: judged by /proc alone", target().name);
  }
}

asio::awaitable<void> SoakRun::end_command() {
  command_ended_by_us_ = !command_->ended();
  const bool in_order = co_await command_->terminate(kGrace);
  if (!in_order) {
    note(fmt::format("the command did not end within {} of SIGTERM and was killed",
                     format_duration(kGrace)));
  }
}

void SoakRun::show_progress() {
  SoakProgress progress{target().name, options_.duration, passed(), rounds_, {}, {}, {}, 0, 0};
  progress.away = away_since_.has_value();
  progress.growing = movement_.growing();
  const milliseconds warm_up = options_.config.detection.warm_up;
  progress.warm_up_left = std::max(warm_up - (last_sample_ - first_sample_), milliseconds(0));
  for (const auto& [id, alert] : alerts_) {
    const bool open = alert.state == AlertState::kFiring || alert.state == AlertState::kPlateau;
    if (open) ++progress.firing;
    if (alert.state == AlertState::kPending) ++progress.suspected;
  }
  if (console_.live()) {
    console_.show(progress_text(progress, Console::width() - 1));
  } else if (Clock::now() - last_line_ >= kLineInterval) {
    last_line_ = Clock::now();
    constexpr std::size_t kLongLine = 400;
    logger_->info("{}", progress_text(progress, kLongLine));
  }
}

void SoakRun::on_sample(const std::string& target, const ProcessInfo& process,
                        const Sample& sample) {
  if (!process_ || !(process_->id == process.id) || replaced_) {
    ProcessInfo judged = process;
    if (replaced_) judged.id.start_ticks = 0;  // when the program started, nobody knows
    replay_.begin(target, judged);
    process_ = process;
    replaced_ = warm_ = false;
    first_sample_ = sample.monotonic;
    movement_ = {};
  }
  away_since_.reset();
  ++rounds_;
  last_sample_ = sample.monotonic;
  pprof_seen_ = pprof_seen_ || sample.values.has(Metric::kGoroutines);
  replay_.add(sample.time, sample.monotonic, sample.values);
  if (last_sample_ - first_sample_ >= options_.config.detection.warm_up)
    movement_.add(sample.values);
}

void SoakRun::on_event(const std::string&, const Event& event) {
  switch (event.kind) {
    case EventKind::kInstanceEnded:
      if (process_ && !away_since_) replay_.ended(event.detail);
      away_since_ = Clock::now();
      break;
    case EventKind::kInstanceRestarted:
      ++restarts_;
      break;
    case EventKind::kProgramReplaced:
      if (process_ && !replaced_) replay_.ended(event.detail);
      replaced_ = process_.has_value();
      note(event.detail);
      break;
    case EventKind::kGap:
    case EventKind::kTargetAmbiguous:
    case EventKind::kPprofLost:
      note(format_local(event.time) + ": " + event.detail);
      break;
    default:
      break;
  }
}

void SoakRun::on_alert(const AlertTransition& transition) {
  if (alerts_.size() >= kMostAlertsKept && alerts_.count(transition.alert.id) == 0) return;
  alerts_[transition.alert.id] = transition.alert;
}

void SoakRun::note(std::string text) {
  if (notes_.size() < kMostNotes) notes_.push_back(std::move(text));
}

void SoakRun::take_culprits(Analysis& analysis) const {
  for (AlertResult& result : analysis.alerts) {
    for (const auto& [id, alert] : alerts_) {
      if (alert.finding.detector != result.alert.finding.detector || alert.pid != result.alert.pid)
        continue;
      if (!alert.finding.culprits.empty()) result.alert.finding.culprits = alert.finding.culprits;
      if (!alert.finding.probe.empty()) result.alert.finding.probe = alert.finding.probe;
    }
  }
}

void SoakRun::take_command_end(SoakReport& report) {
  if (!command_ || !command_->ended()) return;
  CommandEnd end;
  end.words = *command_->ended();
  end.by_us = command_ended_by_us_;
  const int status = *command_->wait_status();
  if (WIFEXITED(status)) end.status = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) end.signal = WTERMSIG(status);
  report.command_end = std::move(end);
  if (command_failed(report)) report.last_output = command_->log().last_lines(kLastLines);
}

void SoakRun::add_notes(SoakReport& report) {
  if (rounds_ > 0 && !pprof_seen_) {
    note("no pprof server was found: judged by /proc alone, without goroutines and the Go heap");
  }
  if (restarts_ > 0) {
    note(fmt::format("the process was restarted {} time{}: each is judged by itself", restarts_,
                     restarts_ == 1 ? "" : "s"));
  }
  if (command_ && command_->log().failure()) note(command_->log().failure()->message);
  report.notes = notes_;
  report.remarks = options_.remarks;
}

SoakReport SoakRun::report() {
  SoakReport report;
  report.folder = options_.folder;
  report.target = target().name;
  report.spec = to_string(target().spec);
  report.command = target().spec.command;
  report.began = began_;
  report.ended = began_ + ending_.watched;
  report.ending = ending_;
  report.shortest = shortest_soak(needed_);
  take_command_end(report);
  report.analysis = replay_.finish();
  take_culprits(report.analysis);
  report.judgement =
      judge_soak(report.analysis, needed_, options_.config.detection.cold_start_span, ending_);
  add_notes(report);
  return report;
}

}  // namespace soakwatch
