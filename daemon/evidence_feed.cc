#include "daemon/evidence_feed.h"

#include <algorithm>
#include <array>
#include <utility>

#include "daemon/clock.h"
#include "evidence/fd_list.h"
#include "evidence/frame.h"
#include "evidence/gunzip.h"
#include "evidence/mapping_breakdown.h"
#include "evidence/openers.h"
#include "evidence/read_breakdown.h"
#include "storage/capture_folder.h"

namespace soakwatch {

namespace asio = boost::asio;

namespace {

constexpr std::array kBaselineKinds{CaptureKind::kGoroutine, CaptureKind::kHeap, CaptureKind::kFds,
                                    CaptureKind::kMappings};
// A file of ours holds no more: the longest answer that may be configured, and more for a text.
constexpr std::size_t kMaxCaptureBytes = std::size_t{256} << 20;
// However long a fetch took.
constexpr std::chrono::seconds kLongestRest{600};

constexpr std::chrono::seconds kCpuTime{5};
constexpr std::chrono::seconds kTraceTime{3};
constexpr std::size_t kMaxOpeners = 3;
// Of what was opened and not closed: who did less is not the one.
constexpr double kOpenersShare = 0.5;
// A dump stops the program while it is written, the longer the more there are.
constexpr double kMostDumpedGoroutines = 10000;

// No function of the program was found: descriptors and mappings have none, and some goroutines
// are the standard library's.
bool wants_openers(const Evidence& evidence) {
  if (evidence.culprits.empty()) return false;
  const Culprit& first = evidence.culprits.front();
  if (first.name == kGoHeapMapping) return false;  // its call sites tell
  const bool has_stack = first.kind == CaptureKind::kGoroutine || first.kind == CaptureKind::kHeap;
  return !has_stack || !is_own(first.name);
}

}  // namespace

EvidenceFeed::EvidenceFeed(const asio::any_io_executor& executor, asio::thread_pool& workers,
                           std::shared_ptr<const ProcessReader> process, EvidenceOptions options,
                           CaptureStore* store, const std::vector<Capture>& kept,
                           std::function<std::optional<HttpEndpoint>()> pprof, FieldWatch& fields,
                           Workload& workload, const Logger& logger, OnEvidence on_evidence)
    : executor_(executor),
      workers_(workers),
      process_(std::move(process)),
      options_(std::move(options)),
      store_(store),
      pprof_(std::move(pprof)),
      fields_(fields),
      workload_(workload),
      logger_(logger),
      on_evidence_(std::move(on_evidence)),
      failures_(logger, options_.target_name + ": captures"),
      task_(executor,
            [this](const std::string& what) { failures_.failed(what, read_clocks().monotonic); }),
      baselines_(store == nullptr),
      begun_(Clock::now()),
      next_baseline_(begun_ + options_.warm_up) {
  for (auto capture = kept.rbegin(); capture != kept.rend(); ++capture) {
    if (capture->reason == CaptureReason::kBaseline) baselines_.add({*capture, {}});
  }
}

void EvidenceFeed::round(std::vector<LookRequest> wanted, bool healthy) {
  for (LookRequest& request : wanted) {
    if (!workload_.allows(Work::kLook)) {
      Evidence none;
      none.statement = "nobody could be named: soakwatch is above its ceiling of memory";
      on_evidence_(request.detector, std::move(none));
      continue;
    }
    std::erase_if(wanted_, [&](const auto& r) { return r.detector == request.detector; });
    wanted_.push_back(std::move(request));
  }
  if (task_.running()) return;
  const Clock::time_point now = Clock::now();
  const bool rests = now < next_capture_;
  // An alert does not wait for the budget: such a look comes once for each doubling of a growth.
  const auto next = std::find_if(wanted_.begin(), wanted_.end(), [rests](const LookRequest& r) {
    return !rests || r.reason == CaptureReason::kFiring;
  });
  if (next != wanted_.end()) {
    LookRequest request = std::move(*next);
    wanted_.erase(next);
    task_.start(take_look(std::move(request)));
  } else if (healthy && !rests && now >= next_baseline_) {
    next_baseline_ = now + options_.baseline_interval;
    if (workload_.allows(Work::kBaseline)) task_.start(take_baseline());
  }
}

asio::awaitable<void> EvidenceFeed::take_baseline() { co_await take_all(CaptureReason::kBaseline); }

asio::awaitable<void> EvidenceFeed::take_all(CaptureReason reason) {
  for (const CaptureKind kind : kBaselineKinds) {
    if (is_from_pprof(kind) && !pprof_()) continue;
    auto fetched = co_await fetch(kind);
    if (!fetched) continue;
    if (kind == CaptureKind::kFds) {
      co_await tell_fields(*fetched);
    }
    auto capture = co_await keep(*fetched, kind, reason, std::nullopt);
    if (reason != CaptureReason::kBaseline) continue;
    Baseline kept;
    if (capture) {
      kept.capture = std::move(*capture);
    } else if (store_ == nullptr) {
      kept.capture.kind = kind;
      kept.capture.reason = reason;
      kept.capture.time = read_clocks().wall;
      kept.bytes = std::move(fetched->bytes);
    } else {
      continue;
    }
    baselines_.add(std::move(kept));
  }
}

asio::awaitable<Result<FetchedCapture>> EvidenceFeed::fetch(CaptureKind kind, bool dump) {
  const Clock::time_point begin = Clock::now();
  CaptureSource source{executor_, &workers_, process_, pprof_(), options_.limits};
  source.goroutine_dump = dump;
  source.duration = kind == CaptureKind::kTrace ? kTraceTime : kCpuTime;
  const bool lasts = kind == CaptureKind::kCpu || kind == CaptureKind::kTrace;
  // A profile over time costs the target little of that time.
  const Clock::duration waited = lasts ? source.duration : std::chrono::seconds(0);
  auto fetched = co_await fetch_capture(kind, std::move(source));
  const Clock::duration took = Clock::now() - begin - waited;
  const auto rest = std::chrono::duration_cast<Clock::duration>(took / options_.cpu_share);
  next_capture_ =
      std::max(next_capture_, Clock::now() + std::min<Clock::duration>(rest, kLongestRest));
  if (fetched) {
    failures_.succeeded();
  } else if (fetched.error().kind != ErrorKind::kNotFound) {  // else the process has ended
    failures_.failed(std::string(to_string(kind)) + ": " + fetched.error().message,
                     read_clocks().monotonic);
  }
  co_return fetched;
}

asio::awaitable<std::optional<Capture>> EvidenceFeed::keep(const FetchedCapture& fetched,
                                                           CaptureKind kind, CaptureReason reason,
                                                           std::optional<AlertId> alert) {
  if (store_ == nullptr) co_return std::nullopt;
  Capture capture;
  capture.target = options_.target;
  capture.instance = options_.instance;
  capture.kind = kind;
  capture.reason = reason;
  capture.time = read_clocks().wall;
  capture.alert = alert;
  const auto write = [this, &capture, &fetched] {
    return store_->add(capture, fetched.bytes, fetched.extension);
  };
  auto added = co_await run_on(workers_.get_executor(), write);
  if (!added) {
    ++workload_.refused_captures;
    failures_.failed(added.error().message, read_clocks().monotonic);
    co_return std::nullopt;
  }
  co_return std::move(*added);
}

asio::awaitable<void> EvidenceFeed::take_look(LookRequest request) {
  const std::string detector = request.detector;
  const bool firing = request.reason == CaptureReason::kFiring;
  Evidence evidence;
  std::exception_ptr thrown;
  try {
    auto breakdown = co_await look(std::move(request));
    if (breakdown) {
      Probe& probe = probes_.at(detector);
      probe.look(std::move(*breakdown), read_clocks().wall);
      evidence = probe.evidence();
      if (firing && wants_openers(evidence)) {
        co_await add_openers(detector, evidence);
      }
    } else {
      evidence.statement = "nobody could be named: " + breakdown.error().message;
    }
  } catch (...) {  // cancelled, or a bug: the finding must not wait for ever
    thrown = std::current_exception();
    evidence.statement = "nobody could be named: the look was broken off";
  }
  on_evidence_(detector, std::move(evidence));
  if (thrown) std::rethrow_exception(thrown);
}

asio::awaitable<Result<Breakdown>> EvidenceFeed::look(LookRequest request) {
  auto fetched = co_await fetch(request.kind);
  if (!fetched) co_return fetched.error();
  if (request.kind == CaptureKind::kFds) {
    co_await tell_fields(*fetched);
  }
  co_await keep(*fetched, request.kind, request.reason, request.alert);
  if (request.first) probes_.erase(request.detector);
  const auto [probe, is_new] = probes_.try_emplace(request.detector, request.kind);
  if (is_new) {
    co_await add_baseline_to(probe->second, request.kind, request.since);
  }
  const auto read = [&fetched] { return read_breakdown(fetched->bytes); };
  co_return co_await run_on(workers_.get_executor(), read);
}

asio::awaitable<void> EvidenceFeed::add_openers(const std::string& detector, Evidence& evidence) {
  if (!pprof_()) co_return;
  auto fetched = co_await fetch(CaptureKind::kTrace);
  if (!fetched) co_return;
  const auto read = [&fetched] { return read_breakdown(fetched->bytes); };
  auto trace = co_await run_on(workers_.get_executor(), read);
  if (!trace) {
    logger_->debug("{}: trace: {}", options_.target_name, trace.error().message);
    co_return;
  }
  const auto found = openers(*trace, detector, kMaxOpeners);
  if (found.empty() || found.front().share < kOpenersShare) co_return;
  evidence.statement +=
      "; in a trace of " + std::to_string(kTraceTime.count()) + " s: " + to_string(found.front());
  evidence.culprits.insert(evidence.culprits.begin(), found.begin(), found.end());
}

asio::awaitable<void> EvidenceFeed::tell_fields(const FetchedCapture& fetched) {
  const auto read = [&fetched]() -> Result<FdList> {
    const auto text = gunzip(fetched.bytes, kMaxCaptureBytes);
    if (!text) return text.error();
    return parse_fd_list(*text);
  };
  const auto list = co_await run_on(workers_.get_executor(), read);
  if (list) fields_.fds(*list);
}

// Only a dump says how long goroutines wait. It stops the program while it is written, so that it
// is taken once, at the end, and not of many goroutines.
asio::awaitable<void> EvidenceFeed::look_for_stuck_goroutines() {
  const auto fetched = co_await fetch(CaptureKind::kGoroutine, true);
  if (!fetched) co_return;
  const auto read = [&fetched] { return read_breakdown(fetched->bytes); };
  const auto dump = co_await run_on(workers_.get_executor(), read);
  if (dump) fields_.goroutines(*dump);
}

asio::awaitable<void> EvidenceFeed::add_baseline_to(Probe& probe, CaptureKind kind,
                                                    WallTime since) {
  const Baseline* baseline = baselines_.before(kind, since);
  if (baseline == nullptr) co_return;
  const Baseline copy = *baseline;
  const auto read = [this, &copy]() -> Result<Breakdown> {
    if (store_ == nullptr) return read_breakdown(copy.bytes);
    auto bytes = read_capture_file(options_.database, copy.capture, kMaxCaptureBytes);
    if (!bytes) return bytes.error();
    return read_breakdown(*bytes);
  };
  auto breakdown = co_await run_on(workers_.get_executor(), read);
  if (!breakdown) {
    logger_->debug("{}: baseline: {}", options_.target_name, breakdown.error().message);
    co_return;
  }
  probe.look(std::move(*breakdown), copy.capture.time);
}

asio::awaitable<void> EvidenceFeed::finish(Clock::time_point deadline) {
  if (!options_.final_captures) co_return;
  co_await task_.wait(deadline);
  if (task_.running()) co_return;
  task_.start(take_all(CaptureReason::kFinal));
  co_await task_.wait(deadline);
  if (task_.running() || !pprof_() || fields_.goroutine_count() > kMostDumpedGoroutines) co_return;
  task_.start(look_for_stuck_goroutines());
  co_await task_.wait(deadline);
}

asio::awaitable<void> EvidenceFeed::stop() {
  co_await task_.stop();
  for (const LookRequest& request : std::exchange(wanted_, {})) {
    on_evidence_(request.detector, {{}, false, "nobody could be named: the watch ended"});
  }
}

}  // namespace soakwatch
