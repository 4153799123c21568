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

  // The name leads to no file, or to another one. False also where it cannot be told.
  [[nodiscard]] bool is_gone_from(const std::filesystem::path& name) const;
  // It has no name any more; also where it cannot be told.
  [[nodiscard]] bool is_removed() const;
  // As the kernel knows it, made printable; empty: it cannot be told.
  [[nodiscard]] std::string name() const;

 private:
  int fd_ = -1;
};

}  // namespace soakwatch
