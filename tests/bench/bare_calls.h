// The system calls of a round and nothing else: no parsing, no checks of what came. What soakwatch
// costs is told as a multiple of these.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace soakwatch::bench {

class Descriptor {
 public:
  // Throws std::system_error naming `what` when `fd` is negative.
  Descriptor(int fd, const std::string& what);
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

// All reads throw std::system_error when the process is gone.
class BareProcess {
 public:
  explicit BareProcess(pid_t pid);
  // stat, statm and status from open files, and the size of the folder fd.
  void read_round();
  // smaps_rollup and maps, opened each time.
  void read_detail();

 private:
  void read_to_end(const char* name);

  Descriptor folder_;
  Descriptor stat_;
  Descriptor statm_;
  Descriptor status_;
  std::vector<char> buffer_;
};

// A blocking connection to a server on 127.0.0.1, kept alive.
class BareServer {
 public:
  explicit BareServer(std::uint16_t port);
  // Bytes received. The answer must be chunked, as those of Go's pprof are. Throws
  // std::system_error when it does not come within 5 s.
  std::size_t get(const std::string& path);

 private:
  Descriptor socket_;
  std::string host_;
  std::vector<char> buffer_;
};

}  // namespace soakwatch::bench
