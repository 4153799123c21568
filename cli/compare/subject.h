// What one of the two words behind `soakwatch compare` means.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <variant>

#include "model/capture.h"
#include "model/result.h"
#include "model/timestamp.h"

namespace soakwatch {

struct FileSubject {
  std::filesystem::path path;  // of a capture
};
struct CaptureSubject {
  CaptureId id = 0;
};
struct TimeSubject {
  WallTime time;
};
struct InstanceSubject {
  InstanceId id = 0;
};
struct RunSubject {
  std::filesystem::path database;
};
using Subject = std::variant<FileSubject, CaptureSubject, TimeSubject, InstanceSubject, RunSubject>;

// A file and a number are both a capture, so that they go together.
enum class SubjectSort : std::uint8_t { kCapture, kTime, kInstance, kRun };
SubjectSort sort_of(const Subject& subject);
std::string_view to_string(SubjectSort sort);  // "captures", "times", "instances", "runs"

enum class PathSort : std::uint8_t { kNothing, kFile, kDatabase, kFolder, kReportFolder };
// Reads the first bytes of a regular file; what can be read only once is left alone.
PathSort path_sort(const std::filesystem::path& path);

// "17", "capture:17", "12h", "now", an ISO 8601 time, "instance:3", or a path. Errors: kInvalid,
// with what was probably meant; kNotFound, no such file.
Result<Subject> parse_subject(const std::string& word, WallTime now,
                              const std::function<PathSort(const std::filesystem::path&)>& look);

// Error kInvalid, which lists what goes together.
Result<SubjectSort> common_sort(const Subject& a, const Subject& b);

}  // namespace soakwatch
