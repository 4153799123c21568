// The open descriptors of a process, written down as a text that can be kept and read back.
//
// The text, in lines that end in a newline and columns parted by one tab:
//
//   soakwatch-fds  1
//   NUMBER  TYPE  PROTOCOL  LOCAL  REMOTE  STATE  TARGET        a line for each descriptor
//   end  listed=N  unlisted=N  unreadable=N  tables_missing=tcp,unix
//
// TYPE      REG DIR CHR BLK FIFO SOCK, `anon` (the kernel's own: eventfd, epoll, pidfd), or `?`
// PROTOCOL  of a socket: tcp tcp6 udp udp6 unix unix-dgram unix-seqpacket, or as the kernel calls
//           another family (netlink, packet); LOCAL and REMOTE "127.0.0.1:80", "[::1]:80" or a
//           path; STATE "CLOSE_WAIT", "LISTEN", "CONNECTED". A socket that is neither bound nor
//           connected has its protocol alone.
// TARGET    the path, or what the link says: "pipe:[123]", "anon_inode:[eventfd]"; a file that was
//           deleted ends in " (deleted)"
//
// A column without a value is "-". In all columns control characters, DEL and the backslash are
// written \xNN, and so is the first byte of a value that would read "-". The last line counts what
// was listed; what exists but is beyond the limits (unlisted); what may not be looked at for want
// of privilege (unreadable); and names the tables of which sockets may be missing, or "-". A text
// without it, or with less of it, was cut. Readers pass over words in it that they do not know.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "collectors/procfs/process_directory.h"
#include "collectors/procfs/socket_tables.h"
#include "model/result.h"

namespace soakwatch {

struct FdTableLimits {
  std::size_t max_fds = 100'000;                       // listed
  std::size_t max_text_bytes = std::size_t{32} << 20;  // of the lines for descriptors
  std::size_t max_socket_table_bytes = kMaxSocketTableBytes;
};

// Lists, and asks the kernel for the type of each file by its path: about 1 s for 100,000
// descriptors, longer where a file system answers over a network. For a worker thread. Descriptors
// that are closed meanwhile are left out. Errors: kNotFound (the process has ended), kDenied
// (nothing of it may be seen), kIo.
Result<std::string> read_fd_table(const ProcessDirectory& process, const FdTableLimits& limits);

// A column as above.
std::string fd_table_column(std::string_view value);

}  // namespace soakwatch
