// Captures of one process instance: a baseline while it is healthy, a look when something grows.
// Beside its rounds, and within a budget of the target's processor time.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collectors/http/http_client.h"
#include "collectors/procfs/process_reader.h"
#include "daemon/background_task.h"
#include "daemon/baselines.h"
#include "daemon/capture_fetch.h"
#include "daemon/field_watch.h"
#include "daemon/investigation.h"
#include "daemon/logging.h"
#include "daemon/workload.h"
#include "evidence/breakdown.h"
#include "evidence/probe.h"
#include "model/capture.h"
#include "storage/capture_store.h"

namespace soakwatch {

struct EvidenceOptions {
  std::filesystem::path database;  // of the store, where there is one
  std::string target_name;
  TargetId target = 0;
  InstanceId instance = 0;
  HttpLimits limits;
  milliseconds warm_up{600000};             // no baseline before that age of the watch
  milliseconds baseline_interval{3600000};  // between two baselines
  double cpu_share = 0.005;  // of one core that captures may cost the target: one that took 10 ms
                             // is followed by a pause of 2 s
  bool final_captures = false;  // at the end of the watch
};

// All on the executor's thread. stop() before destruction.
class EvidenceFeed {
 public:
  using OnEvidence = std::function<void(const std::string& detector, Evidence evidence)>;

  // `fields` hears of each table of descriptors; it must outlive the feed.
  // `store`: null keeps the baselines in memory, and nothing else. `kept`: captures of this
  // instance that an earlier run of the daemon took, newest first. `pprof` says where the server
  // is, when it is known.
  EvidenceFeed(const boost::asio::any_io_executor& executor, boost::asio::thread_pool& workers,
               std::shared_ptr<const ProcessReader> process, EvidenceOptions options,
               CaptureStore* store, const std::vector<Capture>& kept,
               std::function<std::optional<HttpEndpoint>()> pprof, FieldWatch& fields,
               Workload& workload, const Logger& logger, OnEvidence on_evidence);

  // Once a round: takes what is wanted, and starts what is due. Never waits. `healthy`: nothing is
  // under suspicion, so that a baseline may be taken.
  void round(std::vector<LookRequest> wanted, bool healthy);

  // The last captures, of all kinds, when they are wanted; ends by the deadline.
  boost::asio::awaitable<void> finish(std::chrono::steady_clock::time_point deadline);
  boost::asio::awaitable<void> stop();

 private:
  using Clock = std::chrono::steady_clock;

  boost::asio::awaitable<void> take_baseline();
  boost::asio::awaitable<void> take_all(CaptureReason reason);
  boost::asio::awaitable<void> take_look(LookRequest request);
  boost::asio::awaitable<Result<Breakdown>> look(LookRequest request);
  boost::asio::awaitable<Result<FetchedCapture>> fetch(CaptureKind kind, bool dump = false);
  boost::asio::awaitable<std::optional<Capture>> keep(const FetchedCapture& fetched,
                                                      CaptureKind kind, CaptureReason reason,
                                                      std::optional<AlertId> alert);
  boost::asio::awaitable<void> tell_fields(const FetchedCapture& fetched);
  boost::asio::awaitable<void> look_for_stuck_goroutines();
  // Who opens what no profile explains goes in front.
  boost::asio::awaitable<void> add_openers(const std::string& detector, Evidence& evidence);
  boost::asio::awaitable<void> add_baseline_to(Probe& probe, CaptureKind kind, WallTime since);

  boost::asio::any_io_executor executor_;
  boost::asio::thread_pool& workers_;
  std::shared_ptr<const ProcessReader> process_;
  EvidenceOptions options_;
  CaptureStore* store_;
  std::function<std::optional<HttpEndpoint>()> pprof_;
  FieldWatch& fields_;
  Workload& workload_;
  Logger logger_;
  OnEvidence on_evidence_;
  FailureLog failures_;
  BackgroundTask task_;
  std::deque<LookRequest> wanted_;       // at most one of each detector
  std::map<std::string, Probe> probes_;  // by detector
  Baselines baselines_;
  Clock::time_point begun_;
  Clock::time_point next_baseline_;
  Clock::time_point next_capture_;  // the budget
};

}  // namespace soakwatch
