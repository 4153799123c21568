// An open file or folder under /proc.
#pragma once

#include <sys/types.h>

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "model/result.h"

namespace soakwatch {

// Owns one descriptor. Reading has no effect on the object, so that several threads may read.
class ProcFile {
 public:
  // `path` from the folder `dir_fd` (or AT_FDCWD). Never blocks on a file of /proc.
  // Errors here and below: kNotFound (not there, or its process has ended), kDenied, kIo.
  static Result<ProcFile> open(int dir_fd, const std::string& path, int extra_flags = 0);

  ProcFile(ProcFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ProcFile& operator=(ProcFile&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~ProcFile();

  [[nodiscard]] int fd() const { return fd_; }

  // From the start in one system call: for files that the kernel prints in one go, and prints anew
  // each time (stat, statm, status). Returns the filled part of `buffer`.
  Result<std::string_view> read_once(std::span<char> buffer) const;

  // The same from another place; empty at the end.
  Result<std::string_view> read_at(std::size_t offset_bytes, std::span<char> buffer) const;

  // From the start to the end, or until `buffer` is full.
  Result<std::string_view> read_all(std::span<char> buffer) const;

 private:
  explicit ProcFile(int fd) : fd_(fd) {}
  int fd_;
};

// Opens, reads up to `max_bytes` and closes.
Result<std::string> read_proc_file(int dir_fd, const std::string& path, std::size_t max_bytes);

// The text of a symbolic link, at most 4096 bytes.
Result<std::string> read_proc_link(int dir_fd, const std::string& path);

// Calls `visit` with each name in a folder but "." and "..", in the folder's order, until it
// returns false.
Result<void> list_proc_folder(int dir_fd, const std::string& path,
                              const std::function<bool(const char* name)>& visit);

// A pid or tid as the name of a folder; 0 for every other name.
pid_t parse_pid(std::string_view name);

// `errno` in words and kinds: ENOENT and ESRCH are kNotFound, EACCES and EPERM kDenied.
Error proc_error(int error_number, std::string_view path);

}  // namespace soakwatch
