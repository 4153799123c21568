#include "collectors/procfs/proc_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

#include "collectors/procfs/kernel_text.h"

namespace soakwatch {
namespace {

constexpr std::size_t kMaxLinkBytes = 4096;  // PATH_MAX

struct CloseDir {
  void operator()(DIR* dir) const { closedir(dir); }
};

}  // namespace

Error proc_error(int error_number, std::string_view path) {
  ErrorKind kind = ErrorKind::kIo;
  if (error_number == ENOENT || error_number == ESRCH) kind = ErrorKind::kNotFound;
  if (error_number == EACCES || error_number == EPERM) kind = ErrorKind::kDenied;
  return {kind, std::string(path) + ": " + std::generic_category().message(error_number)};
}

pid_t parse_pid(std::string_view name) {
  constexpr unsigned kMaxPid = 1U << 22;  // PID_MAX_LIMIT, include/linux/threads.h
  if (name.starts_with('0')) return 0;
  const auto pid = parse_unsigned<unsigned>(name);
  return pid && *pid <= kMaxPid ? static_cast<pid_t>(*pid) : 0;
}

Result<ProcFile> ProcFile::open(int dir_fd, const std::string& path, int extra_flags) {
  // O_NONBLOCK: a tree that only looks like /proc may hold a FIFO.
  const int fd =
      openat(dir_fd, path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | extra_flags);
  if (fd < 0) return proc_error(errno, path);
  return ProcFile(fd);
}

ProcFile::~ProcFile() {
  if (fd_ >= 0) close(fd_);
}

Result<std::string_view> ProcFile::read_once(std::span<char> buffer) const {
  return read_at(0, buffer);
}

Result<std::string_view> ProcFile::read_at(std::size_t offset_bytes, std::span<char> buffer) const {
  ssize_t n = 0;
  do {
    n = pread(fd_, buffer.data(), buffer.size(), static_cast<off_t>(offset_bytes));
  } while (n < 0 && errno == EINTR);
  if (n < 0) return proc_error(errno, "read");
  return std::string_view(buffer.data(), static_cast<std::size_t>(n));
}

Result<std::string_view> ProcFile::read_all(std::span<char> buffer) const {
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    const auto part = read_at(filled, buffer.subspan(filled));
    if (!part) return part.error();
    if (part->empty()) break;
    filled += part->size();
  }
  return std::string_view(buffer.data(), filled);
}

Result<std::string> read_proc_file(int dir_fd, const std::string& path, std::size_t max_bytes) {
  auto file = ProcFile::open(dir_fd, path);
  if (!file) return file.error();
  std::string text(max_bytes, '\0');
  const auto filled = file->read_all(text);
  if (!filled) return filled.error().in(path);
  text.resize(filled->size());
  return text;
}

Result<std::string> read_proc_link(int dir_fd, const std::string& path) {
  std::array<char, kMaxLinkBytes> text;
  const ssize_t n = readlinkat(dir_fd, path.c_str(), text.data(), text.size());
  if (n < 0) return proc_error(errno, path);
  return std::string(text.data(), static_cast<std::size_t>(n));
}

Result<void> list_proc_folder(int dir_fd, const std::string& path,
                              const std::function<bool(const char* name)>& visit) {
  const int fd = openat(dir_fd, path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return proc_error(errno, path);
  const std::unique_ptr<DIR, CloseDir> dir(fdopendir(fd));
  if (!dir) {
    const int error_number = errno;
    close(fd);
    return proc_error(error_number, path);
  }
  while (true) {
    errno = 0;
    const dirent* entry = readdir(dir.get());
    if (entry == nullptr) break;
    const std::string_view name(static_cast<const char*>(entry->d_name));
    if (name.starts_with('.')) continue;  // also what keeps an empty folder in a captured tree
    if (!visit(name.data())) return {};
  }
  if (errno != 0) return proc_error(errno, path);
  return {};
}

}  // namespace soakwatch
