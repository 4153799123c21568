#include "cli/soak/report_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <system_error>

#include "cli/soak/command_log.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

namespace fs = std::filesystem;

// docs/schema.md: a round is a row of 120 bytes; with its index, and room for the write-ahead log.
constexpr std::int64_t kBytesPerRound = 200;
constexpr std::int64_t kBytesBesides = std::int64_t{16} << 20;

Error failed(const fs::path& folder, int error) {
  const ErrorKind kind = error == EACCES || error == EPERM ? ErrorKind::kDenied : ErrorKind::kIo;
  return {kind, "the report folder " + printable(folder.string(), 4096) +
                    " cannot be written: " + std::generic_category().message(error)};
}

Result<void> try_writing(const fs::path& folder) {
  const fs::path probe = folder / ".soakwatch-probe";
  const int fd = ::open(probe.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return failed(folder, errno);
  constexpr std::string_view kText = "soakwatch\n";
  std::string_view rest = kText;
  ssize_t done = 0;
  while (!rest.empty() && (done = ::write(fd, rest.data(), rest.size())) > 0)
    rest.remove_prefix(static_cast<std::size_t>(done));
  const bool written = rest.empty() && ::fsync(fd) == 0;
  const int error = errno;
  ::close(fd);
  ::unlink(probe.c_str());
  if (!written) return failed(folder, error);
  return {};
}

}  // namespace

std::string default_folder_name(const std::string& target, WallTime now) {
  std::string name = "soakwatch-soak-";
  for (const char c : target) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '_' || c == '-';
    name += plain ? c : '_';
  }
  name += '-';
  for (const char c : format_local(now)) {  // 2026-11-20T08:40:00
    if (c == 'T') name += '-';
    if (c >= '0' && c <= '9') name += c;
  }
  return name;
}

std::int64_t space_needed_bytes(milliseconds duration, milliseconds interval) {
  const std::int64_t rounds = duration / std::max(interval, milliseconds(1)) + 1;
  return rounds * kBytesPerRound + kBytesBesides + 2 * CommandLog::kMostBytes;
}

Result<ReportFolder> open_report_folder(const fs::path& folder, std::int64_t bytes) {
  if (folder.empty()) return invalid("--report: the name of a folder is missing");
  std::error_code error;
  ReportFolder report{fs::absolute(folder, error).lexically_normal()};
  if (!report.folder.has_filename()) report.folder = report.folder.parent_path();  // "out/"
  if (error) return failed(folder, error.value());
  fs::create_directories(report.folder.parent_path(), error);
  if (error) return failed(folder, error.value());
  if (::mkdir(report.folder.c_str(), 0700) != 0 && errno != EEXIST) return failed(folder, errno);
  if (!fs::is_directory(report.folder, error))
    return failed(folder, error ? error.value() : ENOTDIR);
  if (fs::exists(fs::symlink_status(report.database(), error))) {
    return invalid("the report folder " + printable(folder.string(), 4096) +
                   " holds an earlier soak: give another one to --report");
  }
  if (auto tried = try_writing(report.folder); !tried) return tried.error();
  struct statvfs disk {};
  if (::statvfs(report.folder.c_str(), &disk) != 0) return failed(folder, errno);
  const double free = static_cast<double>(disk.f_bavail) * static_cast<double>(disk.f_frsize);
  if (free < static_cast<double>(bytes)) {
    return Error{ErrorKind::kIo, "the report folder " + printable(folder.string(), 4096) + " has " +
                                     format_bytes(free) + " left, and this soak may need " +
                                     format_bytes(static_cast<double>(bytes))};
  }
  return report;
}

}  // namespace soakwatch
