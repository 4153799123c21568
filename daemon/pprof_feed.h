// The pprof values of one process instance, beside its rounds: a server that is dead, slow or lying
// costs its own values and nothing else.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "collectors/pprof/pprof_client.h"
#include "collectors/procfs/process_reader.h"
#include "daemon/background_task.h"
#include "daemon/logging.h"
#include "model/event.h"
#include "model/target.h"

namespace soakwatch {

struct PprofFeedOptions {
  std::string target_name;
  PprofMode mode = PprofMode::kAuto;
  std::string url;  // PprofMode::kUrl
  HttpLimits limits;
  milliseconds heap_interval{15000};
  double heap_latency_factor = 100;
  std::filesystem::path proc_root = "/proc";
};

// All on the executor's thread. stop() before destruction.
class PprofFeed {
 public:
  PprofFeed(const boost::asio::any_io_executor& executor, boost::asio::thread_pool& workers,
            std::shared_ptr<const ProcessReader> process, PprofFeedOptions options,
            const Logger& logger, std::function<void(EventKind, std::string)> on_event);

  // Starts a fetch unless one is still under way, and returns the values that have come since the
  // last call, waiting for them until `deadline` at most.
  boost::asio::awaitable<MetricValues> collect(std::chrono::steady_clock::time_point deadline);
  // Where the server is, when it is known.
  [[nodiscard]] std::optional<HttpEndpoint> endpoint() const;
  // Ends a fetch that is under way, and a collect() that waits for it, at once.
  void cancel();
  boost::asio::awaitable<void> stop();

 private:
  using Clock = std::chrono::steady_clock;
  boost::asio::awaitable<void> fetch();
  boost::asio::awaitable<void> look_for_server();
  boost::asio::awaitable<void> fetch_heap();
  void index_failed(const Error& error);

  boost::asio::any_io_executor executor_;
  boost::asio::thread_pool& workers_;
  std::shared_ptr<const ProcessReader> process_;
  PprofFeedOptions options_;
  std::function<void(EventKind, std::string)> on_event_;
  FailureLog index_failures_;
  FailureLog heap_failures_;
  BackgroundTask task_;
  std::optional<PprofClient> client_;
  MetricValues fresh_;
  Clock::time_point next_heap_;    // epoch: at once
  Clock::time_point next_search_;  // kAuto without a server: when to look again
  static constexpr std::chrono::seconds kFirstSearchPause{1};
  Clock::duration search_pause_{kFirstSearchPause};
  std::map<std::uint64_t, int> asked_;  // by the socket's inode
  std::uint16_t answered_port_ = 0;     // of the server that was found last; 0: none was
  bool stopping_ = false;
  int answers_ = 0;  // of the server that was found last
};

}  // namespace soakwatch
