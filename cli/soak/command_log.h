// What a command prints, kept within limits: its begin may go, its end stays.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "alerts/file_descriptor.h"
#include "model/result.h"

namespace soakwatch {

// Not thread-safe. A disk that refuses loses output, never the command: append() always takes all.
class CommandLog {
 public:
  // A file as large as this is moved to FILE.1, in place of the one before it.
  static constexpr std::int64_t kMostBytes = std::int64_t{8} << 20;
  static constexpr std::size_t kMostTailBytes = 4096;

  explicit CommandLog(std::filesystem::path file, std::int64_t most_bytes = kMostBytes)
      : file_(std::move(file)), most_bytes_(most_bytes) {}

  void append(std::string_view text);
  // Its last lines, at most `lines`, as they were printed.
  [[nodiscard]] std::string last_lines(std::size_t lines) const;
  // The first failure to write, if any.
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

 private:
  void write(std::string_view text);
  bool open();

  std::filesystem::path file_;
  std::int64_t most_bytes_;
  FileDescriptor out_;
  std::int64_t size_ = 0;
  std::string tail_;
  std::optional<Error> failure_;
};

}  // namespace soakwatch
