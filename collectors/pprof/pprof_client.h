// The Go runtime's figures through net/http/pprof, at the lowest cost to the target.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <span>

#include "collectors/http/http_client.h"
#include "collectors/procfs/listening_sockets.h"
#include "model/metric.h"
#include "model/result.h"

namespace soakwatch {

class PprofClient {
 public:
  PprofClient(boost::asio::any_io_executor executor, HttpEndpoint endpoint, HttpLimits limits);

  // Metrics of Source::kPprofIndex, from the index page: no stop of the world, no stack walk.
  boost::asio::awaitable<Result<MetricValues>> read_index();
  // Metrics of Source::kPprofHeap, from the MemStats at the end of heap?debug=1.
  boost::asio::awaitable<Result<MetricValues>> read_heap();

  [[nodiscard]] const HttpEndpoint& endpoint() const { return http_.endpoint(); }

 private:
  HttpClient http_;
};

// Asks each socket for the pprof index page, loopback addresses only (for a wildcard bind:
// 127.0.0.1, then ::1), and returns the first that answers with one; kNotFound when none does.
// Costs one GET per socket.
boost::asio::awaitable<Result<HttpEndpoint>> find_pprof(boost::asio::any_io_executor executor,
                                                        std::span<const ListeningSocket> sockets,
                                                        HttpLimits limits);

}  // namespace soakwatch
