#include "collectors/procfs/net_unix.h"

#include "collectors/procfs/kernel_text.h"

namespace soakwatch {

// Num RefCount Protocol Flags Type St Inode Path
Result<UnixSocket> parse_unix_row(std::string_view line) {
  constexpr std::uint32_t kAcceptsConnections = 1U << 16;  // __SO_ACCEPTCON, linux/net.h
  for (int i = 0; i < 3; ++i) take_field(line);
  const auto flags = parse_unsigned<std::uint32_t>(take_field(line), 16);
  const auto type = parse_unsigned<std::uint8_t>(take_field(line), 16);
  const auto state = parse_unsigned<std::uint8_t>(take_field(line), 16);
  const auto inode = parse_unsigned<std::uint64_t>(take_field(line));
  if (!flags || !type || !state || !inode) return invalid("net/unix: a row is wrong");
  UnixSocket socket;
  socket.type = *type;
  socket.state = *state;
  socket.listening = (*flags & kAcceptsConnections) != 0;
  socket.inode = *inode;
  if (line.starts_with(' ')) socket.path = line.substr(1);  // it may begin or end with blanks
  return socket;
}

}  // namespace soakwatch
