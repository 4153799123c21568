// The daemon's look at itself: its figures into the store, its ceilings kept. docs/self-watch.md.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "alerts/notifier.h"
#include "daemon/logging.h"
#include "daemon/workload.h"
#include "model/daemon_stats.h"
#include "model/event.h"
#include "storage/sample_store.h"

namespace soakwatch {

// On the executor's thread.
class SelfWatch {
 public:
  struct Parts {
    boost::asio::any_io_executor executor;
    boost::asio::thread_pool* workers = nullptr;
    SampleStore* store = nullptr;  // null: nothing is kept
    NotifierQueue* notifiers = nullptr;
    Workload* workload = nullptr;
    Logger logger;
    std::function<void(EventKind, std::string)> on_event;
    std::size_t queue_limit_rows = 20000;  // of the store, while there is memory
    milliseconds interval{30000};
  };
  // Everything in `parts` must outlive run().
  explicit SelfWatch(Parts parts);

  // Looks once each interval, and a last time after stop(). Run it once.
  boost::asio::awaitable<void> run();
  void stop();
  // A look soon, told in the log.
  void tell();

 private:
  // What is read on a worker thread: a disk may be slow.
  struct Measured {
    std::optional<double> rss_bytes;
    std::optional<double> database_bytes;
    std::optional<double> wal_bytes;
  };
  static Measured measure(const std::filesystem::path& database);

  boost::asio::awaitable<void> look();
  void keep_ceilings(const OwnCost& cost);
  DaemonStats gather(const Measured& measured, std::optional<double> cpu_share);
  void log(const DaemonStats& stats);

  Parts parts_;
  boost::asio::steady_timer timer_;
  milliseconds begun_;
  milliseconds looked_;  // when, on the monotonic clock
  std::chrono::nanoseconds cpu_time_;
  bool stopping_ = false;
  bool tell_ = false;
};

}  // namespace soakwatch
