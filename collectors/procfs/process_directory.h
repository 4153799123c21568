// The folder of one process (/proc/PID) or thread (/proc/PID/task/TID), held open.
//
// The kernel ties the descriptor to the process, not to the number: when the process has been
// reaped, everything read through it fails with kNotFound, whoever has the pid by then.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collectors/procfs/proc_file.h"
#include "collectors/procfs/stat.h"
#include "model/result.h"

namespace soakwatch {

// Descriptors beyond this are not listed; Linux' default for fs.nr_open, above which no process can
// go unless the machine was tuned for it.
inline constexpr std::size_t kMaxListedFds = std::size_t{1} << 20;

class ProcessDirectory {
 public:
  // `path` from the folder `dir_fd` (or AT_FDCWD). Errors, here and below: kNotFound, kDenied, kIo.
  static Result<ProcessDirectory> open(int dir_fd, const std::string& path);

  [[nodiscard]] int fd() const { return folder_.fd(); }

  // stat, opened anew.
  [[nodiscard]] Result<ProcStat> read_stat() const;

  // When the main thread `pid` has ended while others run, its own files show no memory and no
  // descriptors, though the process has both. This is the folder of a thread that shows them;
  // kNotFound when there is none: a zombie or a kernel thread.
  [[nodiscard]] Result<ProcessDirectory> living_thread(pid_t pid) const;

  // Holds the folder `fd` open as well, which saves the look-up in each count by its size.
  void keep_fd_folder();

  // Descriptors as the size of the folder `fd`: Linux 6.2 and later. 0 on older kernels, and on
  // what is not /proc, where the size of a folder means something else.
  [[nodiscard]] Result<std::uint64_t> fd_count_by_size() const;

  // Descriptors by listing. kTooLarge beyond kMaxListedFds.
  [[nodiscard]] Result<std::uint64_t> fd_count_by_listing() const;

  // Of the first kMaxListedFds descriptors, those that are sockets.
  [[nodiscard]] Result<std::vector<std::uint64_t>> socket_inodes() const;

 private:
  ProcessDirectory(ProcFile folder, bool is_procfs)
      : folder_(std::move(folder)), is_procfs_(is_procfs) {}

  ProcFile folder_;
  std::optional<ProcFile> fd_folder_;
  bool is_procfs_;
};

// Opens stat under `dir_fd` at `path`, reads and parses it.
Result<ProcStat> read_stat_file(int dir_fd, const std::string& path);
// The same from a file that is open.
Result<ProcStat> read_stat_file(const ProcFile& file);

}  // namespace soakwatch
