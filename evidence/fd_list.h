// The open descriptors of a process, as a capture of them says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/result.h"

namespace soakwatch {

enum class FdType : std::uint8_t {
  kFile,
  kFolder,
  kCharacterDevice,
  kBlockDevice,
  kPipe,
  kSocket,
  kKernelObject,  // eventfd, epoll, pidfd, ...
  kUnknown,
};

// All texts are as untrusted as the process. Empty: the capture does not say.
struct OpenFd {
  std::uint32_t number = 0;
  FdType type = FdType::kUnknown;
  std::string protocol;  // of sockets: "tcp", "tcp6", "udp", "unix", "netlink", ...
  std::string local;     // "127.0.0.1:80", "[::1]:80", a path
  std::string remote;
  std::string state;   // "CLOSE_WAIT", "LISTEN", ...
  std::string target;  // path or link; " (deleted)" is taken off
  bool deleted = false;
};

struct FdList {
  std::vector<OpenFd> fds;
  std::uint64_t unlisted = 0;               // open as well, beyond the limits of the capture
  std::uint64_t unreadable = 0;             // open as well, hidden for want of privilege
  std::vector<std::string> tables_missing;  // tables of sockets that could not be read whole
};

inline constexpr std::size_t kMaxCapturedFds = 200'000;

// The text of a capture of kind kFds; collectors/procfs/fd_table.h states the form. Error kInvalid:
// another text, another version, or one that was cut; kTooLarge: more than kMaxCapturedFds.
Result<FdList> parse_fd_list(std::string_view text);

// Those of `after` that were open, under the same number and on the same thing, in `before`, too:
// they are older than that capture. (A file that was closed and opened again meanwhile counts as
// one.)
FdList open_in_both(const FdList& before, const FdList& after);

struct OftenOpenFile {
  std::string path;  // untrusted
  std::size_t count = 0;
};

// Files (no devices, no folders) that are open `at_least` times, the most often first, at most
// `max_files` of them.
std::vector<OftenOpenFile> files_open_often(const FdList& list, std::size_t at_least,
                                            std::size_t max_files);

}  // namespace soakwatch
