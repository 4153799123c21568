// The folder that a soak leaves behind: samples, the verdict, what the command printed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "model/result.h"
#include "model/timestamp.h"

namespace soakwatch {

struct ReportFolder {
  std::filesystem::path folder;
  [[nodiscard]] std::filesystem::path database() const { return folder / "samples.db"; }
  [[nodiscard]] std::filesystem::path json() const { return folder / "report.json"; }
  [[nodiscard]] std::filesystem::path html() const { return folder / "report.html"; }
  [[nodiscard]] std::filesystem::path markdown() const { return folder / "report.md"; }
  [[nodiscard]] std::filesystem::path junit() const { return folder / "junit.xml"; }
  [[nodiscard]] std::filesystem::path command_log() const { return folder / "command.log"; }
};

// "soakwatch-soak-NAME-YYYYMMDD-HHMMSS", local time; what is no letter, digit, '.', '_' or '-' in
// the name becomes '_'.
std::string default_folder_name(const std::string& target, WallTime now);

// The space that a soak may need: its samples and the output of its command.
std::int64_t space_needed_bytes(milliseconds duration, milliseconds interval);

// Makes the folder where it is missing, and tries whether files can be written and `bytes` are
// free. Errors name the folder: kInvalid, an earlier soak lies there; kDenied, kIo.
Result<ReportFolder> open_report_folder(const std::filesystem::path& folder, std::int64_t bytes);

}  // namespace soakwatch
