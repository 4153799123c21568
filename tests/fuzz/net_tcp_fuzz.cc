#include "collectors/procfs/net_tcp.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const bool ipv6 : {false, true}) {
    const auto sockets = soakwatch::parse_net_tcp(text, ipv6);
    if (!sockets) continue;
    for (const auto& socket : *sockets) {
      if (socket.address.empty() || (socket.address.find(':') != std::string::npos) != ipv6)
        std::abort();
    }
  }
  return 0;
}
