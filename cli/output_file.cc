#include "cli/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "storage/lock_file.h"

namespace soakwatch {
namespace {

namespace fs = std::filesystem;

constexpr int kLinkLimit = 40;  // as the kernel's, path_resolution(7)

bool same_file(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

bool is_part_of(const struct stat& file, const fs::path& database) {
  for (const char* suffix : {"", "-wal", "-shm"}) {
    struct stat part {};
    if (::stat((database.string() + suffix).c_str(), &part) == 0 && same_file(file, part))
      return true;
  }
  struct stat lock {};
  return ::stat(lock_path(database).c_str(), &lock) == 0 && same_file(file, lock);
}

// The file that a chain of links names, there or not. None: the links of /proc are no names
// (/dev/fd/3), or there are too many.
std::optional<fs::path> target_of(fs::path path) {
  for (int links = 0; links < kLinkLimit; ++links) {
    std::error_code error;
    const fs::path folder = fs::canonical(path.has_parent_path() ? path.parent_path() : ".", error);
    if (error) return path;  // says what is wrong when it is opened
    if (folder.string().starts_with("/proc/")) return std::nullopt;
    const fs::path link = fs::read_symlink(path, error);
    if (error) return folder / path.filename();
    path = link.is_absolute() ? link : folder / link;
  }
  return std::nullopt;
}

unsigned new_file_mode() {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return 0666U & ~mask;
}

}  // namespace

Result<std::unique_ptr<OutputFile>> OutputFile::open(const std::optional<fs::path>& path,
                                                     const fs::path& database) {
  std::unique_ptr<OutputFile> output(new OutputFile(path ? path->string() : "standard output"));
  if (!path) {
    output->out_ = stdout;
    return output;
  }
  struct stat info {};
  struct stat standard {};
  const bool exists = ::stat(path->c_str(), &info) == 0;
  if (exists && is_part_of(info, database)) {
    return invalid(path->string() + " belongs to the database " + database.string() +
                   ": export into another file");
  }
  if (exists && ::fstat(STDOUT_FILENO, &standard) == 0 && same_file(info, standard)) {
    output->out_ = stdout;
    return output;
  }
  const std::optional<fs::path> target = target_of(*path);
  const bool straight = !target || (exists && !S_ISREG(info.st_mode));
  const bool opened = straight ? output->open_straight(*path)
                               : output->open_temporary(
                                     *target, exists ? std::optional<unsigned>(info.st_mode & 0777U)
                                                     : std::nullopt);
  if (!opened) return output->failure();
  return output;
}

bool OutputFile::open_straight(const fs::path& path) {
  out_ = std::fopen(path.c_str(), "we");
  return out_ != nullptr;
}

bool OutputFile::open_temporary(const fs::path& target, std::optional<unsigned> mode) {
  std::string name = (target.parent_path() / ".soakwatch-export-XXXXXX").string();
  const int fd = ::mkostemp(name.data(), O_CLOEXEC);
  if (fd < 0) return false;
  target_ = target;
  temporary_ = name;
  if (::fchmod(fd, mode.value_or(new_file_mode())) == 0) out_ = ::fdopen(fd, "w");
  if (out_ == nullptr) ::close(fd);
  return out_ != nullptr;
}

OutputFile::~OutputFile() {
  if (out_ != nullptr && out_ != stdout) std::fclose(out_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

bool OutputFile::write(const std::string& text) {
  return std::fwrite(text.data(), 1, text.size(), out_) == text.size();
}

Result<void> OutputFile::finish() {
  if (std::ferror(out_) != 0 || std::fflush(out_) != 0) return failure();
  if (out_ == stdout) return {};
  const bool closed = std::fclose(std::exchange(out_, nullptr)) == 0;
  if (!closed) return failure();
  if (temporary_.empty()) return {};
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) return failure();
  temporary_.clear();
  return {};
}

Error OutputFile::failure() const {
  return {ErrorKind::kIo, "cannot write " + name_ + ": " + std::generic_category().message(errno)};
}

bool is_plain_file_name(const fs::path& path) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  return (!fs::exists(status) || fs::is_regular_file(status)) && target_of(path).has_value();
}

}  // namespace soakwatch
