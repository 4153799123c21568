#include "collectors/procfs/listening_sockets.h"

#include <fcntl.h>

#include <algorithm>
#include <iterator>
#include <tuple>

#include "collectors/procfs/kernel_text.h"
#include "collectors/procfs/proc_file.h"

namespace soakwatch {
namespace {

Result<std::vector<ListeningSocket>> read_table(int dir_fd, const std::string& path, bool ipv6) {
  const auto text = read_proc_file(dir_fd, path, kMaxNetTcpBytes);
  if (!text) return text.error();
  auto rows = parse_net_tcp(whole_lines(*text), ipv6);
  if (!rows) return rows.error().in(path);
  return rows;
}

bool is_hidden(const Error& error) {
  return error.kind == ErrorKind::kNotFound || error.kind == ErrorKind::kDenied;
}

}  // namespace

Result<std::vector<ListeningSocket>> read_net_tables(int dir_fd, const std::string& net) {
  auto sockets = read_table(dir_fd, net + "/tcp", false);
  if (!sockets) return sockets.error();
  auto ipv6 = read_table(dir_fd, net + "/tcp6", true);
  if (ipv6) {
    std::move(ipv6->begin(), ipv6->end(), std::back_inserter(*sockets));
  } else if (!is_hidden(ipv6.error())) {
    return ipv6.error();
  }
  return sockets;
}

Result<std::vector<ListeningSocket>> listening_sockets(const std::filesystem::path& proc_root,
                                                       const ProcessReader& process) {
  auto inodes = process.socket_inodes();
  if (!inodes) {
    if (inodes.error().kind == ErrorKind::kDenied) return std::vector<ListeningSocket>();
    return inodes.error();
  }
  // Most processes have no socket, and a table costs milliseconds: the kernel walks its whole hash
  // of connections, however few there are.
  if (inodes->empty()) return std::vector<ListeningSocket>();
  // By pid, which may have changed hands meanwhile: that finds nothing wrong, as an inode names one
  // socket on the whole machine.
  const std::string pid = std::to_string(process.info().id.pid);
  auto sockets = read_net_tables(AT_FDCWD, (proc_root / pid / "net").string());
  if (!sockets) {
    if (is_hidden(sockets.error())) return std::vector<ListeningSocket>();
    return sockets.error();
  }
  std::sort(inodes->begin(), inodes->end());
  std::erase_if(*sockets, [&](const ListeningSocket& socket) {
    return !std::binary_search(inodes->begin(), inodes->end(), socket.inode);
  });
  std::sort(sockets->begin(), sockets->end(), [](const auto& a, const auto& b) {
    return std::tie(a.port, a.address) < std::tie(b.port, b.address);
  });
  return sockets;
}

bool shares_our_network(const std::filesystem::path& proc_root, const ProcessReader& process) {
  const auto theirs = read_proc_link(
      AT_FDCWD, (proc_root / std::to_string(process.info().id.pid) / "ns/net").string());
  const auto ours = read_proc_link(AT_FDCWD, (proc_root / "self/ns/net").string());
  return !theirs || !ours || *theirs == *ours;
}

}  // namespace soakwatch
