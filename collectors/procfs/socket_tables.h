// Who is at the two ends of the sockets that a process holds.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace soakwatch {

struct SocketEnds {
  std::string protocol;  // "tcp", "tcp6", "udp", "udp6", "unix", "unix-dgram", "unix-seqpacket"
  std::string local;     // "127.0.0.1:80", "[::1]:80"; a unix socket's path; empty: none
  std::string remote;    // empty: not connected, or a unix socket
  std::string state;     // "CLOSE_WAIT", "LISTEN", ...
};

struct SocketTables {
  std::unordered_map<std::uint64_t, SocketEnds> by_inode;
  // Tables of which something may be missing: denied, malformed, or longer than the limit.
  std::vector<std::string> missing;
};

// About 400,000 connections; each table is read in pieces and only what is wanted is kept.
inline constexpr std::size_t kMaxSocketTableBytes = std::size_t{64} << 20;

// Looks for `wanted` in net/{tcp,tcp6,udp,udp6,unix} under `process_fd`, the folder of a process,
// which shows the network namespace of that process. Sockets that are neither bound nor connected,
// and those of other families, stand in none of them. On a machine with very many connections this
// takes seconds.
SocketTables read_socket_tables(int process_fd, const std::unordered_set<std::uint64_t>& wanted,
                                std::size_t max_table_bytes = kMaxSocketTableBytes);

}  // namespace soakwatch
