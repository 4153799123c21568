// `<database>.captures`: the folder of the files of captures. Names say what is inside, and a
// profile opens with `go tool pprof` as it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "model/capture.h"
#include "model/result.h"
#include "model/timestamp.h"

namespace soakwatch {

// Symbolic links to the database are followed, so that one database has one folder.
std::filesystem::path captures_folder(const std::filesystem::path& database);

// "sidecar-heap-baseline-20261120T153000Z-17.pb.gz", in UTC. What is no letter, digit, dot, dash or
// underscore in the target's name becomes an underscore, and so does a dot or a dash at its
// beginning; it is cut at 64 bytes. `extension`: "pb.gz" or "txt.gz".
std::string capture_file_name(const Capture& capture, std::string_view target,
                              std::string_view extension);
// Whether capture_file_name() may have made it. Such a name has no slash.
bool is_capture_file_name(std::string_view name);

// The content of a capture's file, as it was stored. For every process that may read it. Errors:
// kNotFound (the store has removed it meanwhile), kInvalid (the row names no file of ours),
// kTooLarge, kDenied, kIo.
Result<std::string> read_capture_file(const std::filesystem::path& database, const Capture& capture,
                                      std::size_t limit_bytes);

// The folder as its one writer has it. It is made (0700) for the first file. One that belongs to
// another user, or is a symbolic link, is not used: kDenied, kInvalid. Waits for the disk; not
// thread-safe.
class CaptureFolder {
 public:
  explicit CaptureFolder(const std::filesystem::path& database)
      : path_(captures_folder(database)) {}

  // Makes the file (0600) at once or not at all, and syncs it. Errors: kTooLarge (less than
  // `min_free_bytes` of the file system would be left), kDenied, kIo.
  Result<void> write(const std::string& name, std::string_view content,
                     std::int64_t min_free_bytes);
  // No error when it is not there.
  Result<void> remove(const std::string& name);

  struct File {
    std::string name;
    std::int64_t bytes = 0;
    WallTime modified;
    bool complete = true;  // false: left by a write that was interrupted
  };
  // The regular files with names of ours; none where the folder is missing.
  Result<std::vector<File>> files() const;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace soakwatch
