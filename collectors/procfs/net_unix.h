// /proc/net/unix.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/result.h"

namespace soakwatch {

struct UnixSocket {
  std::uint8_t type = 0;   // SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET
  std::uint8_t state = 0;  // SS_UNCONNECTED and its neighbours, include/uapi/linux/net.h
  bool listening = false;
  std::uint64_t inode = 0;
  // As bound, '@' for NUL; of an accepted socket its listener's; empty: none. Whoever bound it
  // chose every byte, and a newline in it makes rows that are none: these are for show only.
  std::string path;
};

// Error kInvalid: not a row of this table (the header line is none).
Result<UnixSocket> parse_unix_row(std::string_view line);

}  // namespace soakwatch
