// The Go runtime's figures through net/http/pprof, at the lowest cost to the target.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>

#include "collectors/http/http_client.h"
#include "collectors/procfs/listening_sockets.h"
#include "model/capture.h"
#include "model/metric.h"
#include "model/result.h"

namespace soakwatch {

// Not thread-safe: use it from the executor's thread, one read at a time, and do not move or
// destroy it meanwhile. Errors of both reads are those of HttpClient::get, and kInvalid for an
// answer that is not pprof's.
class PprofClient {
 public:
  // An endpoint whose base_path is "/" gets pprof's usual one, "/debug/pprof/".
  PprofClient(boost::asio::any_io_executor executor, HttpEndpoint endpoint, HttpLimits limits);

  // Metrics of Source::kPprofIndex, from the index page: no stop of the world, no stack walk.
  boost::asio::awaitable<Result<MetricValues>> read_index();
  // Metrics of Source::kPprofHeap, from the MemStats at the end of heap?debug=1.
  boost::asio::awaitable<Result<MetricValues>> read_heap();

  // The body of a profile as it came: heap, allocs, goroutine, or cpu and trace over `duration`,
  // for which the time-out must leave room. kInvalid for other kinds. Never gc=1, never debug=2.
  boost::asio::awaitable<Result<std::string>> fetch_profile(CaptureKind kind,
                                                            std::chrono::seconds duration);
  // goroutine?debug=2, which stops the program while it is written: for a person who asks.
  boost::asio::awaitable<Result<std::string>> fetch_goroutine_dump();

  [[nodiscard]] const HttpEndpoint& endpoint() const { return http_.endpoint(); }

 private:
  HttpClient http_;
};

// Asks each socket for the pprof index page, loopback addresses only, and returns the first that
// answers with one; kNotFound when none does. Of a wildcard bind, 0.0.0.0 is asked at 127.0.0.1,
// and
// [::] at ::1, then 127.0.0.1: in this order another process on the same port is not mistaken for
// this one. Costs one GET per address, at most 64 of them, within limits.timeout altogether and 2 s
// each. `sockets` must stay alive until it returns.
boost::asio::awaitable<Result<HttpEndpoint>> find_pprof(boost::asio::any_io_executor executor,
                                                        std::span<const ListeningSocket> sockets,
                                                        HttpLimits limits);

}  // namespace soakwatch
