#include "daemon/target_watcher.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <boost/asio/as_tuple.hpp>

#include "daemon/background_task.h"
#include "daemon/baselines.h"
#include "daemon/clock.h"
#include "daemon/detail_feed.h"
#include "daemon/options.h"
#include "daemon/pprof_feed.h"
#include "daemon/rebuilt_judge.h"
#include "model/printable.h"

namespace soakwatch {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

// boottime runs ahead of the monotonic clock only while the machine sleeps.
constexpr milliseconds kSleepNoticed{1000};
// The captures at the end of a soak, all together.
constexpr std::chrono::seconds kFinalCapturePatience{30};
// A round waits for pprof values for this share of the interval, so that the next is on time.
constexpr int kPprofShare = 2;

ProcessJudge rebuilt_or_new(const DetectionOptions& options, const ProcessInfo& process,
                            const std::filesystem::path& database, InstanceId instance,
                            const Logger& logger) {
  auto rebuilt = rebuild_judge(options, process, database, instance);
  if (!rebuilt) {
    logger->warn("the detectors start afresh: {}", rebuilt.error().message);
    return ProcessJudge(options, process);
  }
  logger->debug("detectors rebuilt from {} samples", rebuilt->samples);
  return std::move(rebuilt->judge);
}

}  // namespace

TargetWatcher::TargetWatcher(Parts parts, const Config& config, Target target)
    : parts_(std::move(parts)),
      config_(config),
      target_(std::move(target)),
      process_(process_parts(), target_.spec),
      search_failures_(parts_.logger, target_.name),
      timer_(parts_.executor) {}

TargetProcess::Parts TargetWatcher::process_parts() {
  return {parts_.search, parts_.proc_root, parts_.boot_id, parts_.command_process,
          [this](std::string which) {
            parts_.pipeline->event(
                {read_clocks().wall, EventKind::kTargetAmbiguous, id_, 0, std::move(which)});
          }};
}

asio::awaitable<TargetEnd> TargetWatcher::run() {
  id_ = parts_.pipeline->add_target(target_, read_clocks().wall);
  const bool is_command = target_.spec.kind == TargetKind::kCommand;
  const bool once = target_.spec.kind == TargetKind::kPid || process_.is_our_command();
  if (process_.is_our_command()) {
    if (auto started = process_.start_command(); !started) {
      parts_.logger->error("{}: {}", target_.name, started.error().message);
      co_return TargetEnd::kNotStarted;
    }
  }
  while (!stopping_) {
    auto process = co_await find();
    if (!process && stopping_) break;
    if (!process) co_return is_command ? TargetEnd::kEnded : TargetEnd::kNotFound;
    co_await watch(std::move(*process));
    if (once && !stopping_) co_return TargetEnd::kEnded;
  }
  co_return TargetEnd::kNone;
}

void TargetWatcher::stop() {
  stopping_ = true;
  timer_.cancel();
  if (pprof_ != nullptr) pprof_->cancel();
}

void TargetWatcher::stop_without_child() {
  leave_child_ = true;
  stop();
}

void TargetWatcher::report_tick() const {
  if (parts_.on_tick) parts_.on_tick();
}

// Nothing when stopped, or when the process can never be found.
asio::awaitable<std::optional<ProcessReader>> TargetWatcher::find() {
  const bool once =
      target_.spec.kind == TargetKind::kPid || target_.spec.kind == TargetKind::kCommand;
  while (!stopping_) {
    auto process = co_await process_.open();
    report_tick();
    if (stopping_) break;
    if (process) {
      search_failures_.succeeded();
      co_return std::move(*process);
    }
    if (process.error().kind != ErrorKind::kNotFound) {
      search_failures_.failed(process.error().message, read_clocks().monotonic);
    } else if (once) {
      parts_.logger->error("{}: {}", target_.name, process.error().message);
      co_return std::nullopt;
    } else {
      parts_.pipeline->end_stale(id_, read_clocks().wall);
      if (!std::exchange(waiting_told_, true)) {
        parts_.logger->info("{}: waiting for a process that fits {}", target_.name,
                            printable(to_string(target_.spec)));
      }
    }
    co_await sleep_until(Clock::now() + config_.sampling.discovery_interval);
  }
  co_return std::nullopt;
}

asio::awaitable<void> TargetWatcher::watch(ProcessReader found) {
  waiting_told_ = false;
  auto process = std::make_shared<ProcessReader>(std::move(found));
  const auto instance = parts_.pipeline->identify(id_, process->info(), read_clocks().wall);
  ProcessJudge judge = co_await judge_for(instance, process->info());
  parts_.pipeline->begin(id_, instance, process->info(), std::move(judge), read_clocks().wall);
  std::string reason = co_await rounds(process, instance.id);
  while (reason.empty() && !stopping_) {
    process->renew_info();
    ProcessJudge fresh = judge_of_new_program(detection_options(config_, target_), process->info());
    parts_.pipeline->replace_program(instance.id, process->info(), std::move(fresh),
                                     read_clocks().wall);
    // One that becomes another program again and again is followed at the pace of its rounds.
    co_await sleep_until(Clock::now() + target_.interval);
    reason = co_await rounds(process, instance.id);
  }
  if (!reason.empty()) parts_.pipeline->end(instance.id, reason, read_clocks().wall);
}

asio::awaitable<ProcessJudge> TargetWatcher::judge_for(Pipeline::Begin instance,
                                                       ProcessInfo process) {
  const DetectionOptions options = detection_options(config_, target_);
  if (!instance.known || parts_.database.empty()) co_return ProcessJudge(options, process);
  const auto work = [options, process, database = parts_.database, id = instance.id,
                     logger = parts_.logger] {
    return rebuilt_or_new(options, process, database, id, logger);
  };
  co_return co_await run_on(parts_.workers->get_executor(), work);
}

asio::awaitable<std::string> TargetWatcher::rounds(const std::shared_ptr<ProcessReader>& process,
                                                   InstanceId id) {
  PprofFeed pprof(
      parts_.executor, *parts_.workers, process,
      {target_.name, target_.spec.pprof, target_.spec.pprof_url, http_limits(config_.pprof),
       config_.pprof.heap_interval, config_.pprof.heap_latency_factor, parts_.proc_root},
      parts_.logger, [this, id](EventKind kind, std::string detail) {
        parts_.pipeline->event({read_clocks().wall, kind, id_, id, std::move(detail)});
      });
  DetailFeed detail(parts_.executor, *parts_.workers, process,
                    {config_.sampling.detail_interval, config_.sampling.detail_budget},
                    *parts_.workload, [this](const std::string& what) {
                      parts_.logger->debug("{}: smaps: {}", target_.name, what);
                    });
  FieldWatch fields(field_rule_options(config_.evidence.rules), [this, id](std::string what) {
    parts_.pipeline->event({read_clocks().wall, EventKind::kFieldRule, id_, id, std::move(what)});
  });
  const auto kept = co_await kept_captures(id);
  EvidenceFeed evidence(
      parts_.executor, *parts_.workers, process,
      evidence_options(config_, target_, id_, id, parts_.final_captures), parts_.captures, kept,
      [&pprof] { return pprof.endpoint(); }, fields, *parts_.workload, parts_.logger,
      evidence_taker(id));
  std::string reason;
  std::exception_ptr error;
  pprof_ = &pprof;
  try {
    reason = co_await sample_until_end(*process, id, pprof, detail, {evidence, fields});
  } catch (...) {  // co_await cannot stand in a handler
    error = std::current_exception();
  }
  pprof_ = nullptr;
  co_await evidence.stop();
  co_await pprof.stop();
  co_await detail.stop();
  if (error) std::rethrow_exception(error);
  co_return reason;
}

EvidenceFeed::OnEvidence TargetWatcher::evidence_taker(InstanceId id) {
  return [this, id](const std::string& detector, Evidence evidence) {
    parts_.pipeline->looked(id, detector, std::move(evidence), read_clocks().wall);
  };
}

// Those of this program that an earlier run of the daemon took.
asio::awaitable<std::vector<Capture>> TargetWatcher::kept_captures(InstanceId id) {
  if (parts_.captures == nullptr || !config_.evidence.enabled) co_return std::vector<Capture>();
  const auto read = [database = parts_.database, id, logger = parts_.logger] {
    auto captures = captures_of_program(database, id);
    if (captures) return std::move(*captures);
    logger->debug("earlier captures: {}", captures.error().message);
    return std::vector<Capture>();
  };
  co_return co_await run_on(parts_.workers->get_executor(), read);
}

asio::awaitable<std::string> TargetWatcher::sample_until_end(ProcessReader& process, InstanceId id,
                                                             PprofFeed& pprof, DetailFeed& detail,
                                                             Looks looks_at) {
  FailureLog failures(parts_.logger, target_.name + ": /proc");
  milliseconds pause = interval_now();
  std::optional<Moment> before;
  // Rounds of all targets begin at whole multiples of the interval: the store then writes them
  // together.
  Clock::time_point tick = Clock::now();
  while (!stopping_) {
    const Clock::time_point begin = Clock::now();
    const Moment now = read_clocks();
    if (before) note_gap(id, *before, now, pause);
    pause = interval_now();
    const auto interval = std::chrono::duration_cast<Clock::duration>(pause);
    before = now;
    auto values = process.read_round();
    if (!values && values.error().kind == ErrorKind::kNotFound) {
      co_return co_await process_.end_reason();
    }
    if (process.program_replaced()) co_return std::string();
    Sample sample{id, now.wall, now.monotonic, {}};
    if (values) {
      sample.values = *values;
      failures.succeeded();
    } else {
      failures.failed(values.error().message, now.monotonic);
    }
    sample.values.merge(detail.collect());
    sample.values.merge(co_await pprof.collect(tick + interval / kPprofShare));
    std::vector<LookRequest> looks;
    if (!sample.values.empty()) looks = parts_.pipeline->sample(sample);
    if (config_.evidence.enabled) {
      looks_at.fields.sample(sample);
      looks_at.evidence.round(std::move(looks), parts_.pipeline->is_quiet(id));
    }
    report_tick();
    const Clock::time_point end = Clock::now();
    const Clock::time_point next((end.time_since_epoch() / interval + 1) * interval);
    parts_.workload->rounds.add(tick, begin, end, next, interval);
    tick = next;
    co_await sleep_until(tick);
  }
  co_await looks_at.evidence.finish(Clock::now() + kFinalCapturePatience);
  // A child does not outlive the watch, unless another one takes it over.
  if (process_.has_child() && !leave_child_) {
    co_return co_await process_.end_reason();
  }
  co_return std::string();
}

asio::awaitable<void> TargetWatcher::sleep_until(Clock::time_point time) {
  if (stopping_) co_return;
  timer_.expires_at(time);
  co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
}

milliseconds TargetWatcher::interval_now() const {
  if (parts_.keeps_pace) return target_.interval;
  return stretched(target_.interval, parts_.workload->throttle.interval_factor());
}

void TargetWatcher::note_gap(InstanceId id, const Moment& before, const Moment& now,
                             milliseconds interval) {
  const milliseconds slept = (now.boottime - now.monotonic) - (before.boottime - before.monotonic);
  const milliseconds passed = now.monotonic - before.monotonic;
  std::string what;
  if (slept > kSleepNoticed) {
    what = "the machine slept for " + format_duration(slept);
  } else if (passed > 3 * interval + 1s) {
    what = "no round for " + format_duration(passed);
  } else {
    return;
  }
  parts_.pipeline->event({now.wall, EventKind::kGap, id_, id, what});
}

}  // namespace soakwatch
