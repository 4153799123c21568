// /proc/net/tcp and tcp6; udp and udp6 have rows of the same form.
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

// One row of any of the four tables.
struct InetSocket {
  std::string local_address;  // as above
  std::uint16_t local_port = 0;
  std::string remote_address;  // all zeros and port 0: not connected
  std::uint16_t remote_port = 0;
  std::uint8_t state = 0;  // include/net/tcp_states.h; of UDP: 1 connected, 7 not
  std::uint64_t inode = 0;
};

// Error kInvalid: not a row of such a table (the header line is none).
Result<InetSocket> parse_inet_row(std::string_view line, bool ipv6);

}  // namespace soakwatch
