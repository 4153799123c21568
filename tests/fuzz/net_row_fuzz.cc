// Rows of the tables of sockets.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "collectors/procfs/fd_table.h"
#include "collectors/procfs/net_tcp.h"
#include "collectors/procfs/net_unix.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const bool ipv6 : {false, true}) {
    const auto socket = soakwatch::parse_inet_row(text, ipv6);
    if (!socket) continue;
    if ((socket->remote_address.find(':') != std::string::npos) != ipv6) std::abort();
  }
  const auto socket = soakwatch::parse_unix_row(text);
  const std::string column = soakwatch::fd_table_column(socket ? socket->path : std::string(text));
  if (column.empty() || column.find_first_of("\n\t") != std::string::npos) std::abort();
  return 0;
}
