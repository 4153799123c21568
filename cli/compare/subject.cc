#include "cli/compare/subject.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <optional>

#include "cli/command.h"
#include "config/digits.h"
#include "config/suggest.h"
#include "model/printable.h"
#include "storage/database_magic.h"

namespace soakwatch {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSamples = "samples.db";  // in the folder of a soak
constexpr std::array<std::string_view, 5> kPrefixes{"capture", "time", "instance", "run", "file"};
constexpr const char* kPossible =
    "possible are a capture file or number (17), a time (12h ago, or 2026-11-20T22:00), "
    "instance:3, and the report folder or database of a run";

bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
  });
}

Result<std::int64_t> number_of(std::string_view text, std::string_view what) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (!all_digits(text) || error != std::errc() || number < 1) {
    return invalid(fmt::format("'{}' is no number of {}, such as {}:3", printable(text),
                               what == "instance" ? "an instance" : "a capture", what));
  }
  return number;
}

Result<WallTime> time_of(const std::string& text, WallTime now) {
  if (text == "now") return now;
  return parse_time_argument(text, now);
}

Result<Subject> subject_of_path(const std::string& text, PathSort sort) {
  const std::string name = printable(text, 4096);
  switch (sort) {
    case PathSort::kNothing:
      return not_found("no such file: " + name + "; " + kPossible);
    case PathSort::kFolder:
      return invalid(name + ": a folder without " + kSamples +
                     ", so no report of a soak; a database is named itself");
    case PathSort::kReportFolder:
      return Subject(RunSubject{fs::path(text) / kSamples});
    case PathSort::kDatabase:
      return Subject(RunSubject{text});
    case PathSort::kFile:
      break;
  }
  return Subject(FileSubject{text});
}

Result<Subject> subject_of_run(const std::string& text, PathSort sort) {
  if (sort == PathSort::kFile)
    return invalid(printable(text, 4096) + ": neither a database nor a soak's report folder");
  return subject_of_path(text, sort);
}

using Look = std::function<PathSort(const fs::path&)>;

// Nothing: the word has no prefix of ours.
std::optional<Result<Subject>> prefixed(const std::string& word, WallTime now, const Look& look) {
  const std::size_t colon = word.find(':');
  if (colon == std::string::npos) return std::nullopt;
  const std::string_view prefix = std::string_view(word).substr(0, colon);
  const std::string rest = word.substr(colon + 1);
  if (prefix == "run") return subject_of_run(rest, look(rest));
  if (prefix == "time") {
    const auto time = time_of(rest, now);
    return time ? Result<Subject>(Subject(TimeSubject{*time})) : time.error();
  }
  if (prefix == "file") {
    return look(rest) == PathSort::kNothing ? Result<Subject>(not_found("no such file: " + rest))
                                            : Result<Subject>(Subject(FileSubject{rest}));
  }
  if (prefix != "capture" && prefix != "instance") return std::nullopt;
  const auto id = number_of(rest, prefix);
  if (!id) return Result<Subject>(id.error());
  if (prefix == "capture") return Result<Subject>(Subject(CaptureSubject{*id}));
  return Result<Subject>(Subject(InstanceSubject{*id}));
}

Error no_subject(const std::string& word) {
  const std::size_t colon = word.find(':');
  const std::string_view before = std::string_view(word).substr(0, colon);
  if (colon != std::string::npos && all_digits(before) && before.size() <= 2) {
    return invalid("'" + printable(word) +
                   "' names no day: write 2026-11-20T22:00, or how long ago it was, such as 12h");
  }
  if (colon != std::string::npos && is_word(before)) {
    return invalid(fmt::format("'{}:' is no sort of subject{}; {}", printable(before),
                               did_you_mean(before, kPrefixes), kPossible));
  }
  return not_found("no such file: " + printable(word, 4096) + "; " + kPossible);
}

std::string described(const Subject& subject) {
  switch (sort_of(subject)) {
    case SubjectSort::kCapture:
      return "a capture";
    case SubjectSort::kTime:
      return "a time";
    case SubjectSort::kInstance:
      return "an instance";
    case SubjectSort::kRun:
      break;
  }
  return "a run";
}

}  // namespace

SubjectSort sort_of(const Subject& subject) {
  if (std::holds_alternative<TimeSubject>(subject)) return SubjectSort::kTime;
  if (std::holds_alternative<InstanceSubject>(subject)) return SubjectSort::kInstance;
  if (std::holds_alternative<RunSubject>(subject)) return SubjectSort::kRun;
  return SubjectSort::kCapture;
}

std::string_view to_string(SubjectSort sort) {
  static constexpr std::array<std::string_view, 4> kWords{"captures", "times", "instances", "runs"};
  return kWords[static_cast<std::size_t>(sort)];
}

PathSort path_sort(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) return PathSort::kNothing;
  if (fs::is_directory(status)) {
    return fs::exists(path / kSamples, error) ? PathSort::kReportFolder : PathSort::kFolder;
  }
  if (!fs::is_regular_file(status)) return PathSort::kFile;
  std::ifstream in(path, std::ios::binary);
  return begins_a_database(in) ? PathSort::kDatabase : PathSort::kFile;
}

Result<Subject> parse_subject(const std::string& word, WallTime now, const Look& look) {
  if (word.empty()) return invalid(std::string("an empty word; ") + kPossible);
  const PathSort sort = look(word);
  const bool digits = all_digits(word);
  const auto time = digits ? Result<WallTime>(invalid("")) : time_of(word, now);
  if (sort != PathSort::kNothing && (digits || time)) {
    return invalid(fmt::format("'{0}' is a file here, and may be a {1}: write ./{0} or {1}:{0}",
                               printable(word), digits ? "capture" : "time"));
  }
  if (digits) {
    const auto id = number_of(word, "capture");
    return id ? Result<Subject>(Subject(CaptureSubject{*id})) : id.error();
  }
  if (time) return Subject(TimeSubject{*time});
  if (sort != PathSort::kNothing) return subject_of_path(word, sort);
  if (auto subject = prefixed(word, now, look)) return std::move(*subject);
  return no_subject(word);
}

Result<SubjectSort> common_sort(const Subject& a, const Subject& b) {
  if (sort_of(a) == sort_of(b)) return sort_of(a);
  return invalid(fmt::format(
      "A is {}, B is {}: both must be of one sort. Possible are two captures (files or numbers), "
      "two times, two instances (instance:3), two runs (report folders of soaks, or databases)",
      described(a), described(b)));
}

}  // namespace soakwatch
