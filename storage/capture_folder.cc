#include "storage/capture_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <utility>

#include "model/printable.h"
#include "storage/lock_file.h"
#include "storage/space_guard.h"
#include "storage/system_call.h"

namespace soakwatch {
namespace {

constexpr std::size_t kTargetLimitBytes = 64;
constexpr std::string_view kTime{"00000000T000000Z"};  // 0: any digit
constexpr std::size_t kIdLimitDigits = 19;             // of 2^63
// Of a file that is being written: hidden, and no name of a capture.
constexpr std::string_view kPartPrefix{"."};
constexpr std::string_view kPartSuffix{".part"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_safe(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' ||
         c == '-';
}

// A leading dot would hide the file, a leading dash would make it an option.
bool is_safe_first(char c) { return is_safe(c) && c != '.' && c != '-'; }

std::string safe_target(std::string_view target) {
  std::string safe(target.substr(0, kTargetLimitBytes));
  for (char& c : safe) {
    if (!is_safe(c)) c = '_';
  }
  if (safe.empty() || !is_safe_first(safe.front())) safe.insert(0, "_");
  return safe;
}

// Takes the part behind the last dash from the end of `name`.
std::string_view take_last_part(std::string_view& name) {
  const std::size_t dash = name.rfind('-');
  if (dash == std::string_view::npos) return {};
  const std::string_view part = name.substr(dash + 1);
  name = name.substr(0, dash);
  return part;
}

bool take_suffix(std::string_view& name, std::string_view suffix) {
  if (name.size() < suffix.size() || name.substr(name.size() - suffix.size()) != suffix) {
    return false;
  }
  name.remove_suffix(suffix.size());
  return true;
}

std::string part_name(const std::string& name) {
  return fmt::format("{}{}{}", kPartPrefix, name, kPartSuffix);
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool open() const { return fd_ >= 0; }
  // An error of a delayed write may show as late as this.
  bool close_checked() { return close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

// Absent: the folder is not there.
Result<std::optional<Descriptor>> open_folder(const std::filesystem::path& path) {
  Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder.open()) {
    if (errno == ENOENT) return std::optional<Descriptor>();
    if (errno == ENOTDIR || errno == ELOOP) {
      return invalid(path.string() + " is no folder: captures need it, move it away");
    }
    return os_error("cannot open the folder " + path.string(), errno);
  }
  struct stat info {};
  if (fstat(folder.get(), &info) != 0) return os_error(path.string(), errno);
  if (info.st_uid != geteuid()) {
    return Error{ErrorKind::kDenied,
                 fmt::format("{} belongs to another user (uid {}): captures are not kept there",
                             path.string(), info.st_uid)};
  }
  if ((info.st_mode & 077U) != 0 && fchmod(folder.get(), 0700) != 0) {
    return os_error("cannot close the folder " + path.string() + " to other users", errno);
  }
  return std::optional(std::move(folder));
}

Result<Descriptor> make_folder(const std::filesystem::path& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return os_error("cannot make the folder " + path.string(), errno);
  }
  auto folder = open_folder(path);
  if (!folder) return folder.error();
  if (!*folder) return not_found(path.string() + " was removed");
  return std::move(**folder);
}

Result<void> check_space(const std::filesystem::path& path, std::size_t bytes,
                         std::int64_t min_free_bytes) {
  const auto space = file_system_space(path);
  if (!space) return space.error();
  if (space->free_bytes - static_cast<std::int64_t>(bytes) >= min_free_bytes) return {};
  return Error{
      ErrorKind::kTooLarge,
      fmt::format("the file system of {} has {} free, and {} are to be left: no capture is stored",
                  path.string(), format_bytes(static_cast<double>(space->free_bytes)),
                  format_bytes(static_cast<double>(min_free_bytes)))};
}

}  // namespace

std::filesystem::path captures_folder(const std::filesystem::path& database) {
  return beside(database, ".captures");
}

std::string capture_file_name(const Capture& capture, std::string_view target,
                              std::string_view extension) {
  std::string time = format_utc(std::chrono::floor<seconds>(capture.time));
  time.erase(std::remove_if(time.begin(), time.end(), [](char c) { return c == '-' || c == ':'; }),
             time.end());
  return fmt::format("{}-{}-{}-{}-{}.{}", safe_target(target), to_string(capture.kind),
                     to_string(capture.reason), time, capture.id, extension);
}

bool is_capture_file_name(std::string_view name) {
  if (!take_suffix(name, ".pb.gz") && !take_suffix(name, ".txt.gz")) return false;
  const std::string_view id = take_last_part(name);
  const std::string_view time = take_last_part(name);
  const std::string_view reason = take_last_part(name);
  const std::string_view kind = take_last_part(name);
  return !id.empty() && id.size() <= kIdLimitDigits &&
         std::all_of(id.begin(), id.end(), is_digit) &&
         std::equal(time.begin(), time.end(), kTime.begin(), kTime.end(),
                    [](char c, char form) { return form == '0' ? is_digit(c) : c == form; }) &&
         capture_reason_from_string(reason) && capture_kind_from_string(kind) && !name.empty() &&
         name.size() <= kTargetLimitBytes + 1 && is_safe_first(name.front()) &&
         std::all_of(name.begin(), name.end(), is_safe);
}

Result<std::string> read_capture_file(const std::filesystem::path& database, const Capture& capture,
                                      std::size_t limit_bytes) {
  if (!is_capture_file_name(capture.file)) {
    return invalid(fmt::format("capture {} of {}: '{}' is no name of a capture", capture.id,
                               database.string(), printable(capture.file)));
  }
  const std::filesystem::path path = captures_folder(database) / capture.file;
  // O_NONBLOCK: opening a FIFO must not hang.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file.open() && (errno == ENOENT || errno == ENOTDIR)) {
    return not_found(path.string() + " is not there any more");
  }
  if (!file.open()) return os_error("cannot open " + path.string(), errno);
  struct stat info {};
  if (fstat(file.get(), &info) != 0) return os_error(path.string(), errno);
  if (!S_ISREG(info.st_mode)) return invalid(path.string() + " is no regular file");
  if (static_cast<std::uint64_t>(info.st_size) > limit_bytes) {
    return Error{ErrorKind::kTooLarge, fmt::format("{} has {}, the limit is {}", path.string(),
                                                   format_bytes(static_cast<double>(info.st_size)),
                                                   format_bytes(static_cast<double>(limit_bytes)))};
  }
  std::string content(static_cast<std::size_t>(info.st_size), '\0');
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t n = ::read(file.get(), content.data() + done, content.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_error("cannot read " + path.string(), errno);
    if (n == 0) return Error{ErrorKind::kIo, path.string() + " became shorter while it was read"};
    done += static_cast<std::size_t>(n);
  }
  return content;
}

Result<void> CaptureFolder::write(const std::string& name, std::string_view content,
                                  std::int64_t min_free_bytes) {
  const Result<Descriptor> folder = make_folder(path_);
  if (!folder) return folder.error();
  if (auto room = check_space(path_, content.size(), min_free_bytes); !room) {
    return room;
  }
  const std::string part = part_name(name);
  // What is left of an interrupted write under this name is of no use to anybody.
  ::unlinkat(folder->get(), part.c_str(), 0);
  Descriptor file(::openat(folder->get(), part.c_str(),
                           O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.open()) return os_error("cannot make " + (path_ / part).string(), errno);
  if (!write_all(file.get(), content) || fsync(file.get()) != 0 || !file.close_checked() ||
      ::renameat(folder->get(), part.c_str(), folder->get(), name.c_str()) != 0) {
    const int trouble = errno;
    ::unlinkat(folder->get(), part.c_str(), 0);
    return os_error("cannot write " + (path_ / name).string(), trouble);
  }
  if (fsync(folder->get()) != 0) {  // the name as well
    const int trouble = errno;
    ::unlinkat(folder->get(), name.c_str(), 0);
    return os_error("cannot sync " + path_.string(), trouble);
  }
  return {};
}

Result<void> CaptureFolder::remove(const std::string& name) {
  const auto folder = open_folder(path_);
  if (!folder) return folder.error();
  if (!*folder) return {};
  if (::unlinkat((*folder)->get(), name.c_str(), 0) != 0 && errno != ENOENT) {
    return os_error("cannot remove " + (path_ / name).string(), errno);
  }
  return {};
}

Result<std::vector<CaptureFolder::File>> CaptureFolder::files() const {
  std::vector<File> found;
  const auto folder = open_folder(path_);
  if (!folder) return folder.error();
  if (!*folder) return found;
  // fdopendir() takes over the descriptor that it gets.
  const int own = ::openat((*folder)->get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(own < 0 ? nullptr : ::fdopendir(own),
                                                    ::closedir);
  if (!entries) return os_error("cannot read the folder " + path_.string(), errno);
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(entries.get());
    if (entry == nullptr) break;
    File file;
    file.name = entry->d_name;
    std::string_view name = file.name;
    if (take_suffix(name, kPartSuffix) && name.substr(0, 1) == kPartPrefix) {
      name.remove_prefix(kPartPrefix.size());
      file.complete = false;
    } else {
      name = file.name;
    }
    struct stat info {};
    if (!is_capture_file_name(name) ||
        ::fstatat((*folder)->get(), file.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(info.st_mode)) {
      continue;
    }
    file.bytes = info.st_size;
    file.modified =
        from_unix_ms(std::int64_t{info.st_mtim.tv_sec} * 1000 + info.st_mtim.tv_nsec / 1000000);
    found.push_back(std::move(file));
  }
  if (errno != 0) return os_error("cannot read the folder " + path_.string(), errno);
  return found;
}

}  // namespace soakwatch
