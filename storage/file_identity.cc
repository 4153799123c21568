#include "storage/file_identity.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "model/printable.h"

namespace soakwatch {

FileIdentity identity_of(const std::filesystem::path& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) return {};
  return {info.st_dev, info.st_ino};
}

bool leads_elsewhere(const std::filesystem::path& name, const FileIdentity& file) {
  struct stat info {};
  if (::stat(name.c_str(), &info) != 0) return errno == ENOENT || errno == ENOTDIR;
  return file != FileIdentity{info.st_dev, info.st_ino};
}

FileIdentity identity_of(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return {};
  return {info.st_dev, info.st_ino};
}

FilePin::FilePin(const std::filesystem::path& file)
    : fd_(::open(file.c_str(), O_PATH | O_CLOEXEC)) {}

FilePin::FilePin(FilePin&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

FilePin& FilePin::operator=(FilePin&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

FilePin::~FilePin() {
  if (fd_ >= 0) ::close(fd_);
}

bool FilePin::is_gone_from(const std::filesystem::path& name) const {
  const FileIdentity pinned = identity_of(fd_);
  return pinned.inode != 0 && leads_elsewhere(name, pinned);
}

bool FilePin::is_at(const std::filesystem::path& name) const {
  const FileIdentity pinned = identity_of(fd_);
  return pinned.inode != 0 && pinned == identity_of(name);
}

bool FilePin::is_removed() const {
  struct stat info {};
  return ::fstat(fd_, &info) != 0 || info.st_nlink == 0;
}

std::string FilePin::name() const {
  std::error_code error;
  const auto link = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd_), error);
  return error ? std::string() : printable(link.string());
}

}  // namespace soakwatch
