// /proc/net/tcp and tcp6.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/result.h"

namespace soakwatch {

// The kernel lists the listening sockets before the connected ones, so that the first MiB (about
// 7,000 rows) holds every listener of all but absurd machines, however many connections there are.
inline constexpr std::size_t kMaxNetTcpBytes = std::size_t{1} << 20;

struct ListeningSocket {
  std::string address;  // "127.0.0.1", "::1", "0.0.0.0", "::": as bound
  std::uint16_t port = 0;
  std::uint64_t inode = 0;
};

// The LISTEN rows of /proc/net/tcp (`ipv6` false) or tcp6. Error kInvalid: not such a file.
Result<std::vector<ListeningSocket>> parse_net_tcp(std::string_view text, bool ipv6);

}  // namespace soakwatch
