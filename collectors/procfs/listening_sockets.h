// The TCP sockets that a process listens on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/procfs/process_reader.h"
#include "model/result.h"

namespace soakwatch {

struct ListeningSocket {
  std::string address;  // "127.0.0.1", "::1", "0.0.0.0", "::": as bound
  std::uint16_t port = 0;
  std::uint64_t inode = 0;
};

// The LISTEN rows of /proc/net/tcp (`ipv6` false) or tcp6. Error kInvalid: not such a file.
Result<std::vector<ListeningSocket>> parse_net_tcp(std::string_view text, bool ipv6);

// Those of one process, in its own network namespace, ordered by port. Empty where its descriptors
// are hidden from us.
Result<std::vector<ListeningSocket>> listening_sockets(const std::filesystem::path& proc_root,
                                                       const ProcessReader& process);

}  // namespace soakwatch
