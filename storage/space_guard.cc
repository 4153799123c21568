#include "storage/space_guard.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "model/printable.h"
#include "storage/lock_file.h"
#include "storage/system_call.h"

namespace soakwatch {
namespace {

// A default floor must not forbid a small file system altogether.
constexpr std::int64_t kLargestFloorShare = 20;  // a twentieth
constexpr std::int64_t kSlackShare = 8;          // of the floor

std::string bytes_text(std::int64_t bytes) { return format_bytes(static_cast<double>(bytes)); }

}  // namespace

std::filesystem::path folder_of(const std::filesystem::path& file) {
  return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
}

Result<FileSystemSpace> file_system_space(const std::filesystem::path& folder) {
  struct statvfs info {};
  if (::statvfs(folder.c_str(), &info) != 0) return os_error(folder.string(), errno);
  const auto unit = static_cast<std::int64_t>(info.f_frsize);
  return FileSystemSpace{static_cast<std::int64_t>(info.f_bavail) * unit,
                         static_cast<std::int64_t>(info.f_blocks) * unit};
}

std::int64_t floor_bytes(std::int64_t wanted_bytes, const FileSystemSpace& space) {
  return std::min(wanted_bytes, space.total_bytes / kLargestFloorShare);
}

SpaceGuard::SpaceGuard(const std::filesystem::path& database, SpaceOptions options)
    : options_(std::move(options)),
      folder_(folder_of(beside(database, ""))),
      ballast_(beside(database, ".ballast")) {
  ::unlink(ballast_.c_str());  // of a run that was killed
  shortage();
}

SpaceGuard::~SpaceGuard() { drop_ballast(); }

const std::string& SpaceGuard::shortage() {
  const auto space = options_.measure ? options_.measure(folder_) : file_system_space(folder_);
  // Where it cannot be told, the disk says itself when it is full.
  if (!space) {
    shortage_.clear();
    return shortage_;
  }
  const std::int64_t floor = floor_bytes(options_.min_free_bytes, *space);
  const std::int64_t slack = floor / kSlackShare;
  std::int64_t enough = shortage_.empty() ? floor : floor + slack;
  if (gave_up_) enough = floor + slack + options_.ballast_bytes;  // its room is not for samples
  if (space->free_bytes < enough) {
    shortage_ = fmt::format("{} has {} free, less than {}", folder_.string(),
                            bytes_text(space->free_bytes), bytes_text(enough));
  } else {
    shortage_.clear();
    gave_up_ = false;
    if (space->free_bytes >= floor + slack + options_.ballast_bytes) make_ballast();
  }
  return shortage_;
}

void SpaceGuard::refused() {
  gave_up_ = gave_up_ || has_ballast_;
  drop_ballast();
}

// Really allocated: a file with a hole would give back nothing.
void SpaceGuard::make_ballast() {
  if (has_ballast_ || options_.ballast_bytes == 0) return;
  const int fd =
      ::open(ballast_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return;
  has_ballast_ = true;
  const bool made = ::posix_fallocate(fd, 0, options_.ballast_bytes) == 0;
  ::close(fd);
  if (!made) drop_ballast();
}

void SpaceGuard::drop_ballast() {
  if (std::exchange(has_ballast_, false)) ::unlink(ballast_.c_str());
}

}  // namespace soakwatch
