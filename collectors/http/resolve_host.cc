#include "collectors/http/resolve_host.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>

#include "model/printable.h"

namespace soakwatch {
namespace {

namespace asio = boost::asio;
using asio::ip::address;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kMaxAddresses = 8;  // of one name: each may cost a connection attempt

// ::ffff:127.0.0.1 is 127.0.0.1: judged, compared and connected to as such.
address unmapped(const address& ip) {
  if (ip.is_v6() && ip.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, ip.to_v6());
  }
  return ip;
}

bool is_ordinary_unicast(const address& ip) {
  if (ip.is_unspecified() || ip.is_multicast()) return false;
  if (ip.is_v6()) return !ip.to_v6().is_link_local();
  const asio::ip::address_v4::uint_type bits = ip.to_v4().to_uint();
  const bool this_network = (bits >> 24) == 0;     // 0.0.0.0/8, RFC 1122
  const bool link_local = (bits >> 16) == 0xa9fe;  // 169.254.0.0/16, RFC 3927
  const bool reserved = (bits >> 28) == 0xf;       // 240.0.0.0/4 and broadcast, RFC 1112
  return !this_network && !link_local && !reserved;
}

bool is_listed(std::string_view host, std::span<const std::string> allowed_hosts) {
  return std::any_of(
      allowed_hosts.begin(), allowed_hosts.end(),
      [host](const std::string& allowed) { return boost::algorithm::iequals(allowed, host); });
}

bool is_listed(const address& ip, std::span<const std::string> allowed_hosts) {
  return std::any_of(allowed_hosts.begin(), allowed_hosts.end(), [&ip](const std::string& allowed) {
    error_code failed;
    const address parsed = asio::ip::make_address(allowed, failed);
    return !failed && unmapped(parsed) == ip;
  });
}

Error denied(const std::string& host, const std::string& why) {
  return {ErrorKind::kDenied,
          fmt::format("host {} {}; add it to allowed_hosts to permit it", printable(host), why)};
}

// getaddrinfo cannot be interrupted, so the look-up is left behind at the deadline: its handler
// holds this state, and nothing else, until it ends.
struct Lookup {
  explicit Lookup(const asio::any_io_executor& executor) : resolver(executor), wake(executor) {}

  tcp::resolver resolver;
  asio::steady_timer wake;
  bool finished = false;
  error_code failed;
  std::vector<address> addresses;
};

void start(const std::shared_ptr<Lookup>& lookup, const std::string& host) {
  lookup->resolver.async_resolve(
      host, "", [lookup](error_code failed, const tcp::resolver::results_type& results) {
        lookup->finished = true;
        lookup->failed = failed;
        for (const auto& result : results) {
          const address ip = unmapped(result.endpoint().address());
          if (lookup->addresses.size() < kMaxAddresses) lookup->addresses.push_back(ip);
        }
        lookup->wake.cancel();
      });
}

}  // namespace

bool is_allowed_address(const address& ip, std::string_view host,
                        std::span<const std::string> allowed_hosts) {
  const address plain = unmapped(ip);
  if (plain.is_loopback() || is_listed(plain, allowed_hosts)) return true;
  return is_listed(host, allowed_hosts) && is_ordinary_unicast(plain);
}

asio::awaitable<Result<std::vector<address>>> resolve_host(
    asio::any_io_executor executor, std::string host, std::vector<std::string> allowed_hosts,
    std::chrono::steady_clock::time_point deadline) {
  std::vector<address> addresses;
  if (boost::algorithm::iequals(host, "localhost")) {
    addresses.emplace_back(asio::ip::address_v4::loopback());
    addresses.emplace_back(asio::ip::address_v6::loopback());
    co_return addresses;
  }
  error_code not_an_address;
  const address literal = asio::ip::make_address(host, not_an_address);
  if (!not_an_address) {
    if (!is_allowed_address(literal, host, allowed_hosts)) {
      co_return denied(host, "is not a loopback address");
    }
    addresses.push_back(unmapped(literal));
    co_return addresses;
  }
  if (!is_listed(host, allowed_hosts)) co_return denied(host, "is neither localhost nor allowed");

  const auto lookup = std::make_shared<Lookup>(executor);
  lookup->wake.expires_at(deadline);
  start(lookup, host);
  const auto [woken] = co_await lookup->wake.async_wait(asio::as_tuple(asio::use_awaitable));
  if (!lookup->finished) {
    lookup->resolver.cancel();
    if (woken) co_return Error{ErrorKind::kUnavailable, "cancelled"};
    co_return Error{ErrorKind::kTimeout, fmt::format("no address of {} in time", printable(host))};
  }
  if (lookup->failed) {
    co_return Error{ErrorKind::kUnavailable,
                    fmt::format("no address of {}: {}", printable(host), lookup->failed.message())};
  }
  for (const address& ip : lookup->addresses) {
    if (is_allowed_address(ip, host, allowed_hosts)) addresses.push_back(ip);
  }
  if (addresses.empty()) co_return denied(host, "has no address that may be connected to");
  co_return addresses;
}

}  // namespace soakwatch
