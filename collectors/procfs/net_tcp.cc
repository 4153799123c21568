#include "collectors/procfs/net_tcp.h"

#include <arpa/inet.h>

#include <array>
#include <cstring>
#include <optional>

#include "collectors/procfs/kernel_text.h"

namespace soakwatch {
namespace {

constexpr std::string_view kListenState = "0A";  // TCP_LISTEN, include/net/tcp_states.h
constexpr std::size_t kHexDigitsPerWord = 8;

// The address is printed as 32-bit words, each in the byte order of the machine.
std::optional<std::string> parse_address(std::string_view hex, bool ipv6) {
  std::array<std::uint32_t, 4> words{};
  const std::size_t count = ipv6 ? 4 : 1;
  if (hex.size() != count * kHexDigitsPerWord) return std::nullopt;
  for (std::size_t i = 0; i < count; ++i) {
    const auto word =
        parse_unsigned<std::uint32_t>(hex.substr(i * kHexDigitsPerWord, kHexDigitsPerWord), 16);
    if (!word) return std::nullopt;
    words.at(i) = *word;
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = ipv6 ? AF_INET6 : AF_INET;
  if (inet_ntop(family, words.data(), text.data(), text.size()) == nullptr) return std::nullopt;
  return std::string(text.data());
}

// "0100007F:17AC"
bool parse_end(std::string_view field, bool ipv6, std::string& address, std::uint16_t& port) {
  const std::size_t colon = field.find(':');
  if (colon == std::string_view::npos) return false;
  auto parsed_address = parse_address(field.substr(0, colon), ipv6);
  const auto parsed_port = parse_unsigned<std::uint16_t>(field.substr(colon + 1), 16);
  if (!parsed_address || !parsed_port) return false;
  address = std::move(*parsed_address);
  port = *parsed_port;
  return true;
}

struct Fields {
  std::string_view local, remote, state, inode;
};

// sl local_address rem_address st tx:rx tr:tm->when retrnsmt uid timeout inode ...
Fields split_row(std::string_view line) {
  Fields row;
  take_field(line);
  row.local = take_field(line);
  row.remote = take_field(line);
  row.state = take_field(line);
  for (int i = 0; i < 5; ++i) take_field(line);
  row.inode = take_field(line);
  return row;
}

}  // namespace

Result<InetSocket> parse_inet_row(std::string_view line, bool ipv6) {
  const Fields row = split_row(line);
  InetSocket socket;
  const auto state = parse_unsigned<std::uint8_t>(row.state, 16);
  const auto inode = parse_unsigned<std::uint64_t>(row.inode);
  if (!state || !inode || !parse_end(row.local, ipv6, socket.local_address, socket.local_port) ||
      !parse_end(row.remote, ipv6, socket.remote_address, socket.remote_port)) {
    return invalid("net: a row is wrong");
  }
  socket.state = *state;
  socket.inode = *inode;
  return socket;
}

Result<std::vector<ListeningSocket>> parse_net_tcp(std::string_view text, bool ipv6) {
  std::string_view header = take_line(text);
  if (take_field(header) != "sl" || take_field(header) != "local_address") {
    return invalid("net/tcp: no header line");
  }
  std::vector<ListeningSocket> sockets;
  for (std::size_t row = 0; !text.empty(); ++row) {
    const Fields fields = split_row(take_line(text));
    if (fields.state.size() != 2) {
      return invalid("net/tcp: row " + std::to_string(row) + " is wrong");
    }
    if (fields.state != kListenState) continue;
    const auto inode = parse_unsigned<std::uint64_t>(fields.inode);
    ListeningSocket socket;
    if (!inode || !parse_end(fields.local, ipv6, socket.address, socket.port)) {
      return invalid("net/tcp: row " + std::to_string(row) + " is wrong");
    }
    socket.inode = *inode;
    sockets.push_back(std::move(socket));
  }
  return sockets;
}

}  // namespace soakwatch
