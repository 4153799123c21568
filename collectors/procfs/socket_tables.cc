#include "collectors/procfs/socket_tables.h"

#include <sys/socket.h>

#include <array>
#include <functional>
#include <optional>
#include <utility>

#include "collectors/procfs/kernel_text.h"
#include "collectors/procfs/net_tcp.h"
#include "collectors/procfs/net_unix.h"
#include "collectors/procfs/proc_file.h"

namespace soakwatch {
namespace {

// Longer than any row; a unix path has 108 bytes at most.
constexpr std::size_t kMaxRowBytes = 4096;
constexpr std::size_t kChunkBytes = std::size_t{64} * 1024;

// include/net/tcp_states.h, from 1.
constexpr std::array<std::string_view, 12> kTcpStates = {
    "ESTABLISHED", "SYN_SENT",   "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT",
    "CLOSE",       "CLOSE_WAIT", "LAST_ACK", "LISTEN",    "CLOSING",   "NEW_SYN_RECV"};
// include/uapi/linux/net.h (socket_state), from 1.
constexpr std::array<std::string_view, 4> kUnixStates = {"UNCONNECTED", "CONNECTING", "CONNECTED",
                                                         "DISCONNECTING"};

template <std::size_t N>
std::string state_name(const std::array<std::string_view, N>& names, std::uint8_t number) {
  if (number == 0 || number > N) return "state " + std::to_string(number);
  return std::string(names.at(number - 1U));
}

std::string end_text(const std::string& address, std::uint16_t port, bool ipv6) {
  return (ipv6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

SocketEnds ends_of(const InetSocket& socket, std::string_view table) {
  const bool ipv6 = table.ends_with('6');
  SocketEnds ends;
  ends.protocol = table;
  ends.local = end_text(socket.local_address, socket.local_port, ipv6);
  const bool connected = socket.remote_port != 0;
  if (connected) ends.remote = end_text(socket.remote_address, socket.remote_port, ipv6);
  if (table.starts_with("tcp")) {
    ends.state = state_name(kTcpStates, socket.state);
  } else {
    ends.state = connected ? "CONNECTED" : "UNCONNECTED";
  }
  return ends;
}

SocketEnds ends_of(const UnixSocket& socket) {
  SocketEnds ends;
  ends.protocol = "unix";
  if (socket.type == SOCK_DGRAM) ends.protocol = "unix-dgram";
  if (socket.type == SOCK_SEQPACKET) ends.protocol = "unix-seqpacket";
  ends.local = socket.path;
  ends.state = socket.listening ? "LISTEN" : state_name(kUnixStates, socket.state);
  return ends;
}

// Calls `visit` with each line but the first, until it returns false. False: not all of it was
// seen.
Result<bool> visit_rows(const ProcFile& file, std::size_t max_bytes,
                        const std::function<bool(std::string_view)>& visit) {
  std::string buffer(kChunkBytes, '\0');
  std::size_t offset_bytes = 0;
  std::size_t kept = 0;  // of a row that the last piece cut
  bool header = true;
  while (offset_bytes < max_bytes) {
    const auto piece = file.read_at(offset_bytes, {buffer.data() + kept, buffer.size() - kept});
    if (!piece) return piece.error();
    if (piece->empty()) return true;
    offset_bytes += piece->size();
    const std::string_view filled(buffer.data(), kept + piece->size());
    std::string_view whole = whole_lines(filled);
    const std::string_view rest = filled.substr(whole.size());
    if (rest.size() > kMaxRowBytes) return invalid("net: a row is too long");
    while (!whole.empty()) {
      const std::string_view row = take_line(whole);
      if (!std::exchange(header, false) && !visit(row)) return true;
    }
    const std::string cut(rest);
    cut.copy(buffer.data(), cut.size());
    kept = cut.size();
  }
  return false;
}

}  // namespace

SocketTables read_socket_tables(int process_fd, const std::unordered_set<std::uint64_t>& wanted,
                                std::size_t max_table_bytes) {
  SocketTables tables;
  const auto missing_some = [&] { return tables.by_inode.size() < wanted.size(); };
  for (const std::string table : {"tcp", "tcp6", "udp", "udp6", "unix"}) {
    if (!missing_some()) break;
    const auto file = ProcFile::open(process_fd, "net/" + table);
    if (!file) {
      // Not there: a kernel without that family.
      if (file.error().kind != ErrorKind::kNotFound) tables.missing.push_back(table);
      continue;
    }
    bool malformed = false;
    const bool ipv6 = table.ends_with('6');
    const auto add = [&](std::uint64_t inode, SocketEnds ends) {
      if (wanted.contains(inode)) tables.by_inode.emplace(inode, std::move(ends));
    };
    const auto complete = visit_rows(*file, max_table_bytes, [&](std::string_view row) {
      if (table == "unix") {
        if (const auto socket = parse_unix_row(row)) add(socket->inode, ends_of(*socket));
        return missing_some();
      }
      const auto socket = parse_inet_row(row, ipv6);
      if (socket) {
        add(socket->inode, ends_of(*socket, table));
      } else {
        malformed = true;
      }
      return missing_some();
    });
    if (malformed || !complete || (!*complete && missing_some())) tables.missing.push_back(table);
  }
  return tables;
}

}  // namespace soakwatch
