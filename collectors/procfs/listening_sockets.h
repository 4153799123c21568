// The TCP sockets that a process listens on.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "collectors/procfs/net_tcp.h"
#include "collectors/procfs/process_reader.h"
#include "model/result.h"

namespace soakwatch {

// Those of one process, in its own network namespace, ordered by port and address. Empty where its
// descriptors are hidden from us. Errors: kNotFound (the process has ended), kInvalid, kIo.
Result<std::vector<ListeningSocket>> listening_sockets(const std::filesystem::path& proc_root,
                                                       const ProcessReader& process);

// False for a process in another network namespace, whose addresses, loopback too, are not ours.
// True as well where that cannot be read.
bool shares_our_network(const std::filesystem::path& proc_root, const ProcessReader& process);

// All in the tables `net`/tcp and `net`/tcp6, `net` from the folder `dir_fd` (or AT_FDCWD). tcp6
// may be absent (IPv6 switched off). Errors: kNotFound, kDenied, kInvalid, kIo.
Result<std::vector<ListeningSocket>> read_net_tables(int dir_fd, const std::string& net);

}  // namespace soakwatch
