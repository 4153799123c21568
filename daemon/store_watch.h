// Looks after the store while the daemon runs: a disk that fails must not fail in silence, and
// captures that are too old or no longer needed go.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>

#include "alerts/notifier.h"
#include "daemon/logging.h"
#include "daemon/trusted_clock.h"
#include "storage/capture_store.h"
#include "storage/sample_store.h"

namespace soakwatch {

// On the executor's thread.
class StoreWatch {
 public:
  struct Parts {
    boost::asio::any_io_executor executor;
    boost::asio::thread_pool* workers = nullptr;
    SampleStore* store = nullptr;
    CaptureStore* captures = nullptr;  // null: captures are not kept
    NotifierQueue* notifiers = nullptr;
    TrustedClock* clock = nullptr;
    Logger logger;
  };
  // Everything in `parts` must outlive run().
  explicit StoreWatch(Parts parts);

  // Until stop(). Run it once.
  boost::asio::awaitable<void> run();
  void stop();
  // That files of the database were replaced: in the log, and to the notifiers.
  void tell_replacement(const StoreStats& stats);

 private:
  void report_trouble();
  boost::asio::awaitable<void> tidy_captures();

  Parts parts_;
  boost::asio::steady_timer timer_;
  FailureLog writing_;
  FailureLog losing_;
  std::uint64_t lost_ = 0;      // rows and notifications that were told of
  std::uint64_t replaced_ = 0;  // files of the database that were told of
  bool stopping_ = false;
};

}  // namespace soakwatch
