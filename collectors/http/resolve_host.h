// From a host name or address to the addresses that may be connected to: loopback, and what the
// user allowed.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/result.h"

namespace soakwatch {

// Whether a connection to `address`, reached through the text `host`, is wanted. Loopback always
// is. Another address must be listed itself, or be an ordinary unicast address behind a listed
// name: a name cannot point the daemon at a link-local (cloud metadata), multicast or unspecified
// address.
bool is_allowed_address(const boost::asio::ip::address& address, std::string_view host,
                        std::span<const std::string> allowed_hosts);

// The allowed addresses of `host` in the order in which to try them. "localhost" is 127.0.0.1 and
// ::1, and addresses are taken as they are, both without a look-up. Any other name is looked up
// only if it is listed in `allowed_hosts`. Runs on `executor`, does not block it, and returns at
// `deadline` at the latest; the executor's context, when destroyed, waits for a look-up that is
// still under way.
// Errors: kDenied (not loopback and not allowed), kUnavailable (no such name, or cancelled),
// kTimeout.
boost::asio::awaitable<Result<std::vector<boost::asio::ip::address>>> resolve_host(
    boost::asio::any_io_executor executor, std::string host, std::vector<std::string> allowed_hosts,
    std::chrono::steady_clock::time_point deadline);

}  // namespace soakwatch
