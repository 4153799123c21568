// `<database>.lock`: who writes the database. The kernel releases the lock when the holder ends,
// however it ends; the file itself stays.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "model/result.h"

namespace soakwatch {

// `<database><suffix>`; symbolic links are followed first, so that every path to one database leads
// to one file beside it.
std::filesystem::path beside(const std::filesystem::path& database, std::string_view suffix);

// The lock file of a database.
std::filesystem::path lock_path(const std::filesystem::path& database);

class LockFile {
 public:
  // Writes the pid and, in a second line, `program` into it. Error kUnavailable names who holds it;
  // kDenied, kIo: the file cannot be made.
  static Result<LockFile> acquire(const std::filesystem::path& database,
                                  const std::string& program);
  // That the name still leads to the file on which the lock is. Where somebody removed or moved it,
  // another process could get a lock of its own.
  [[nodiscard]] bool is_in_place() const;
  // The same lock on the file that has the name now, which is made where it is missing. Errors as
  // those of acquire(); then this one holds what it held.
  Result<void> renew();

  LockFile(LockFile&& other) noexcept;
  LockFile& operator=(LockFile&&) = delete;
  ~LockFile();

 private:
  LockFile(int fd, const std::filesystem::path& database, const std::string& program)
      : fd_(fd), database_(database), program_(program) {}
  int fd_ = -1;
  std::filesystem::path database_;
  std::string program_;
};

}  // namespace soakwatch
