// smaps_rollup and maps of one process instance, beside its rounds and within a budget: on a
// process of 200 GB one such read takes seconds.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <memory>

#include "collectors/procfs/process_reader.h"
#include "daemon/background_task.h"
#include "daemon/logging.h"
#include "daemon/workload.h"

namespace soakwatch {

struct DetailFeedOptions {
  milliseconds interval{120000};
  double budget =
      0.001;  // share of one core: a read of 2 ms is followed by a pause of 2 s at least
};

// All on the executor's thread. stop() before destruction.
class DetailFeed {
 public:
  DetailFeed(const boost::asio::any_io_executor& executor, boost::asio::thread_pool& workers,
             std::shared_ptr<const ProcessReader> process, DetailFeedOptions options,
             Workload& workload, std::function<void(const std::string&)> on_error);

  // Starts a read when one is due, and returns what has come since the last call. Never waits.
  MetricValues collect();
  boost::asio::awaitable<void> stop() { return task_.stop(); }

 private:
  using Clock = std::chrono::steady_clock;
  boost::asio::awaitable<void> read();

  boost::asio::thread_pool& workers_;
  std::shared_ptr<const ProcessReader> process_;
  DetailFeedOptions options_;
  Workload& workload_;
  std::function<void(const std::string&)> on_error_;
  BackgroundTask task_;
  MetricValues fresh_;
  Clock::time_point next_;
};

}  // namespace soakwatch
