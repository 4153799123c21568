// Where an export goes: standard output, a device or pipe, or a file that is replaced as a whole.
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "model/result.h"

namespace soakwatch {

class OutputFile {
 public:
  // Without `path`: standard output. What is no regular file is written straight into; a regular
  // one appears under its name, with the mode that it had, when finish() has been called. Links
  // are followed. Error kInvalid: it is `database` or a file beside it; kIo.
  static Result<std::unique_ptr<OutputFile>> open(const std::optional<std::filesystem::path>& path,
                                                  const std::filesystem::path& database);
  ~OutputFile();  // without finish(): leaves no file behind
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  bool write(const std::string& text);
  Result<void> finish();
  [[nodiscard]] Error failure() const;  // from errno

 private:
  explicit OutputFile(std::string name) : name_(std::move(name)) {}
  bool open_straight(const std::filesystem::path& path);
  bool open_temporary(const std::filesystem::path& target, std::optional<unsigned> mode);

  std::string name_;  // for messages
  std::FILE* out_ = nullptr;
  std::filesystem::path temporary_;  // empty: written straight
  std::filesystem::path target_;
};

// True: exports to it may be split into files with numbered names.
bool is_plain_file_name(const std::filesystem::path& path);

}  // namespace soakwatch
