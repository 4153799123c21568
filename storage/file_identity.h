// Which file a name leads to, whatever it is called.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

namespace soakwatch {

struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;  // 0: there is no such file
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

FileIdentity identity_of(const std::filesystem::path& file);
// The name leads to no file, or to another one than this. False where it cannot be told: a file
// that was not found is given up, and one whose disk is away for a moment must not be.
bool leads_elsewhere(const std::filesystem::path& name, const FileIdentity& file);
FileIdentity identity_of(int fd);

// Remembers a file, which keeps its number while this lives: no other file gets it. It takes no
// lock, and closing it loses none (O_PATH, open(2)). Not thread-safe.
class FilePin {
 public:
  FilePin() = default;  // of no file
  explicit FilePin(const std::filesystem::path& file);
  FilePin(FilePin&& other) noexcept;
  FilePin& operator=(FilePin&& other) noexcept;
  ~FilePin();

  // As leads_elsewhere(); of no file: false.
  [[nodiscard]] bool is_gone_from(const std::filesystem::path& name) const;
  // The name leads to it, for sure.
  [[nodiscard]] bool is_at(const std::filesystem::path& name) const;
  [[nodiscard]] bool is_empty() const { return fd_ < 0; }
  // It has no name any more; also where it cannot be told.
  [[nodiscard]] bool is_removed() const;
  // As the kernel knows it, made printable; empty: it cannot be told.
  [[nodiscard]] std::string name() const;

 private:
  int fd_ = -1;
};

}  // namespace soakwatch
