#include "storage/lock_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "model/printable.h"
#include "storage/file_identity.h"
#include "storage/sample_reader.h"
#include "storage/system_call.h"

namespace soakwatch {
namespace {

// OFD locks belong to the open file, not to the process: closing some other descriptor of the same
// file does not lose them (fcntl(2), "Open file description locks").
struct flock whole_file_for_writing() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

// A file that an older program wrote has no second line.
WriterState read_holder(int fd) {
  std::array<char, 256> bytes{};
  const ssize_t n = pread(fd, bytes.data(), bytes.size(), 0);
  const std::string_view text(bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
  WriterState state{true, 0, {}};
  std::from_chars(text.data(), text.data() + text.size(), state.pid);
  const std::size_t begin = std::min(text.find('\n'), text.size() - 1) + 1;
  if (!text.empty()) state.program = text.substr(begin, text.find('\n', begin) - begin);
  return state;
}

}  // namespace

std::filesystem::path beside(const std::filesystem::path& database, std::string_view suffix) {
  std::error_code ignored;
  std::filesystem::path real = std::filesystem::weakly_canonical(database, ignored);
  if (ignored) real = database;
  real += suffix;
  return real;
}

std::filesystem::path lock_path(const std::filesystem::path& database) {
  return beside(database, ".lock");
}

Result<LockFile> LockFile::acquire(const std::filesystem::path& database,
                                   const std::string& program) {
  const std::filesystem::path path = lock_path(database);
  LockFile file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600), database,
                program);
  if (file.fd_ < 0) return os_error("cannot open " + path.string(), errno);
  struct flock lock = whole_file_for_writing();
  if (fcntl(file.fd_, F_OFD_SETLK, &lock) != 0) {
    if (errno != EAGAIN && errno != EACCES) return os_error("cannot lock " + path.string(), errno);
    const WriterState holder = read_holder(file.fd_);
    std::string who = holder.pid > 0 ? "process " + std::to_string(holder.pid) : "another process";
    if (!holder.program.empty()) who += " (" + printable(holder.program) + ")";
    return Error{ErrorKind::kUnavailable, database.string() + " is written by " + who +
                                              ": stop that one, or use another database"};
  }
  // Removed between the two calls: the next one who comes would lock another file.
  if (!file.is_in_place()) {
    return Error{ErrorKind::kIo, path.string() + " was removed while it was locked"};
  }
  const std::string text = std::to_string(getpid()) + "\n" + program + "\n";
  if (ftruncate(file.fd_, 0) != 0 || pwrite(file.fd_, text.data(), text.size(), 0) < 0) {
    return os_error("cannot write " + path.string(), errno);
  }
  return file;
}

bool LockFile::is_in_place() const {
  return !leads_elsewhere(lock_path(database_), identity_of(fd_));
}

Result<void> LockFile::renew() {
  Result<LockFile> renewed = acquire(database_, program_);
  if (!renewed) {
    if (is_in_place()) return {};  // it has come back meanwhile: what holds it is this one
    return renewed.error();
  }
  std::swap(fd_, renewed->fd_);
  return {};
}

LockFile::LockFile(LockFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      database_(std::move(other.database_)),
      program_(std::move(other.program_)) {}

LockFile::~LockFile() {
  if (fd_ >= 0) close(fd_);
}

WriterState writer_state(const std::filesystem::path& database) {
  const int fd = ::open(lock_path(database).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  struct flock lock = whole_file_for_writing();
  WriterState state;
  if (fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK) {
    state = read_holder(fd);
  }
  close(fd);
  return state;
}

}  // namespace soakwatch
