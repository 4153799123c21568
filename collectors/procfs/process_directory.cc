#include "collectors/procfs/process_directory.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <array>
#include <cerrno>
#include <optional>

#include "collectors/procfs/kernel_text.h"

namespace soakwatch {
namespace {

constexpr std::size_t kMaxStatBytes = 4096;  // 52 numbers and a name come to 1.2 KB at most
// Threads are asked one after the other until one is alive; nearly always the first one is.
constexpr std::size_t kMaxThreadsAsked = 64;

// "socket:[12345]"
std::optional<std::uint64_t> parse_socket_link(std::string_view link) {
  constexpr std::string_view kBegin = "socket:[";
  if (!link.starts_with(kBegin) || !link.ends_with(']')) return std::nullopt;
  link.remove_prefix(kBegin.size());
  link.remove_suffix(1);
  return parse_unsigned<std::uint64_t>(link);
}

}  // namespace

Result<ProcStat> read_stat_file(const ProcFile& file) {
  std::array<char, kMaxStatBytes> buffer;
  const auto text = file.read_once(buffer);
  if (!text) return text.error();
  return parse_stat(*text);
}

Result<ProcStat> read_stat_file(int dir_fd, const std::string& path) {
  const auto file = ProcFile::open(dir_fd, path);
  if (!file) return file.error();
  return read_stat_file(*file);
}

Result<ProcessDirectory> ProcessDirectory::open(int dir_fd, const std::string& path) {
  auto folder = ProcFile::open(dir_fd, path, O_DIRECTORY);
  if (!folder) return folder.error();
  struct statfs filesystem {};
  if (fstatfs(folder->fd(), &filesystem) != 0) return proc_error(errno, path);
  return ProcessDirectory(std::move(*folder), filesystem.f_type == PROC_SUPER_MAGIC);
}

void ProcessDirectory::keep_fd_folder() {
  // O_PATH needs no right to read it: the size is there for everybody.
  if (auto folder = ProcFile::open(fd(), "fd", O_DIRECTORY | O_PATH)) {
    fd_folder_.emplace(std::move(*folder));
  }
}

Result<ProcStat> ProcessDirectory::read_stat() const { return read_stat_file(fd(), "stat"); }

Result<ProcessDirectory> ProcessDirectory::living_thread(pid_t pid) const {
  std::optional<ProcessDirectory> found;
  std::size_t asked = 0;
  const auto listed = list_proc_folder(fd(), "task", [&](const char* name) {
    const pid_t tid = parse_pid(name);
    if (tid == 0 || tid == pid) return true;
    if (++asked > kMaxThreadsAsked) return false;
    auto thread = open(fd(), std::string("task/") + name);
    if (!thread) return true;
    const auto stat = thread->read_stat();
    if (!stat || stat->main_thread_ended() || stat->vsize_bytes == 0) return true;
    found = std::move(*thread);
    return false;
  });
  if (found) return std::move(*found);
  if (!listed) return listed.error();
  return not_found("no living thread");
}

Result<std::uint64_t> ProcessDirectory::fd_count_by_size() const {
  if (!is_procfs_) return 0;
  struct stat attributes {};
  if (fd_folder_) {
    if (fstat(fd_folder_->fd(), &attributes) != 0) return proc_error(errno, "fd");
  } else if (fstatat(fd(), "fd", &attributes, 0) != 0) {
    return proc_error(errno, "fd");
  }
  return static_cast<std::uint64_t>(attributes.st_size);
}

Result<std::uint64_t> ProcessDirectory::fd_count_by_listing() const {
  std::uint64_t count = 0;
  const auto listed = list_proc_folder(fd(), "fd", [&](const char*) {
    ++count;
    return count <= kMaxListedFds;
  });
  if (!listed) return listed.error();
  if (count > kMaxListedFds) return Error{ErrorKind::kTooLarge, "fd: too many to list"};
  return count;
}

Result<std::vector<std::uint64_t>> ProcessDirectory::socket_inodes() const {
  std::vector<std::uint64_t> inodes;
  std::size_t count = 0;
  std::optional<Error> denied;
  const auto listed = list_proc_folder(fd(), "fd", [&](const char* name) {
    const auto link = read_proc_link(fd(), std::string("fd/") + name);
    if (link) {
      if (const auto inode = parse_socket_link(*link)) inodes.push_back(*inode);
    } else if (link.error().kind == ErrorKind::kDenied) {
      denied = link.error();
      return false;
    }  // else it was closed meanwhile
    return ++count < kMaxListedFds;
  });
  if (!listed) return listed.error();
  if (denied) return *denied;
  return inodes;
}

}  // namespace soakwatch
