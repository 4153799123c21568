#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <utility>
#include <vector>

#include "collectors/http/resolve_host.h"
#include "collectors/pprof/pprof_client.h"

namespace soakwatch {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxProbes = 64;                        // of one search
constexpr milliseconds kMaxProbeTime{2000};                   // for one address
constexpr std::size_t kMaxIndexBytes = std::size_t{1} << 20;  // of a body that may be anything

void add(std::vector<HttpEndpoint>& endpoints, std::string_view host, std::uint16_t port) {
  HttpEndpoint endpoint;
  endpoint.host = host;
  endpoint.port = port;
  endpoint.base_path = "/debug/pprof/";
  const bool known = std::find(endpoints.begin(), endpoints.end(), endpoint) != endpoints.end();
  if (!known && endpoints.size() < kMaxProbes) endpoints.push_back(std::move(endpoint));
}

std::vector<HttpEndpoint> endpoints_of(std::span<const ListeningSocket> sockets) {
  std::vector<HttpEndpoint> endpoints;
  for (const ListeningSocket& socket : sockets) {
    boost::system::error_code failed;
    const boost::asio::ip::address ip = boost::asio::ip::make_address(socket.address, failed);
    if (failed) continue;
    if (ip.is_unspecified()) {
      // Bound to [::], a socket has ::1 for itself, while 127.0.0.1 may be another process; bound
      // to 0.0.0.0 it is the other way round, so that ::1 is not asked at all.
      if (ip.is_v6()) add(endpoints, "::1", socket.port);
      add(endpoints, "127.0.0.1", socket.port);
    } else if (is_allowed_address(ip, "", {})) {
      add(endpoints, socket.address, socket.port);
    }
  }
  return endpoints;
}

}  // namespace

boost::asio::awaitable<Result<HttpEndpoint>> find_pprof(boost::asio::any_io_executor executor,
                                                        std::span<const ListeningSocket> sockets,
                                                        HttpLimits limits) {
  const std::vector<HttpEndpoint> endpoints = endpoints_of(sockets);
  const Clock::time_point deadline = Clock::now() + limits.timeout;
  limits.allowed_hosts.clear();
  limits.max_body_bytes = std::min(limits.max_body_bytes, kMaxIndexBytes);
  std::size_t left = endpoints.size();
  for (const HttpEndpoint& endpoint : endpoints) {
    // An equal share of what is left: silent servers cannot keep the later ones from being asked.
    const auto remaining = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
    limits.timeout = std::min(kMaxProbeTime, remaining / static_cast<int>(left--));
    if (limits.timeout <= milliseconds::zero()) break;
    PprofClient client(executor, endpoint, limits);
    const Result<MetricValues> values = co_await client.read_index();
    if (values) co_return endpoint;
  }
  co_return not_found(
      fmt::format("no pprof index page at any of {} loopback addresses", endpoints.size()));
}

}  // namespace soakwatch
