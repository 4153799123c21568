#include "cli/compare/subject.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace soakwatch {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

constexpr WallTime kNow = WallTime(1763600000000ms);

Result<Subject> parsed(const std::string& word) {
  static const std::map<std::string, PathSort> kThere{
      {"heap.pb.gz", PathSort::kFile}, {"soak", PathSort::kReportFolder},
      {"folder", PathSort::kFolder},   {"samples.db", PathSort::kDatabase},
      {"40", PathSort::kFile},         {"./40", PathSort::kFile},
      {"2h", PathSort::kReportFolder}, {"a:b", PathSort::kFile},
  };
  return parse_subject(word, kNow, [](const std::filesystem::path& path) {
    const auto found = kThere.find(path.string());
    return found == kThere.end() ? PathSort::kNothing : found->second;
  });
}

template <class T>
T as(const std::string& word) {
  const auto subject = parsed(word);
  EXPECT_TRUE(subject) << word << ": " << subject.error().message;
  EXPECT_TRUE(std::holds_alternative<T>(*subject)) << word;
  return std::get<T>(*subject);
}

TEST(CompareSubject, IsToldByItsWord) {
  EXPECT_EQ(as<FileSubject>("heap.pb.gz").path, "heap.pb.gz");
  EXPECT_EQ(as<FileSubject>("file:40").path, "40");
  EXPECT_EQ(as<FileSubject>("./40").path, "./40");
  EXPECT_EQ(as<FileSubject>("a:b").path, "a:b");
  EXPECT_EQ(as<CaptureSubject>("17").id, 17);
  EXPECT_EQ(as<CaptureSubject>("capture:40").id, 40);
  EXPECT_EQ(as<InstanceSubject>("instance:3").id, 3);
  EXPECT_EQ(as<RunSubject>("soak").database, "soak/samples.db");
  EXPECT_EQ(as<RunSubject>("samples.db").database, "samples.db");
  EXPECT_EQ(as<RunSubject>("run:2h").database, "2h/samples.db");
  EXPECT_EQ(as<TimeSubject>("12h").time, kNow - 12h);
  EXPECT_EQ(as<TimeSubject>("time:2h").time, kNow - 2h);
  EXPECT_EQ(as<TimeSubject>("now").time, kNow);
  EXPECT_EQ(as<TimeSubject>("2025-11-20T00:53:20Z").time, kNow);
}

TEST(CompareSubject, ExplainsWhatItCannotTell) {
  const std::map<std::string, std::string> kWords{
      {"40", "write ./40 or capture:40"},
      {"2h", "write ./2h or time:2h"},
      {"22:00", "names no day"},
      {"captur:17", "did you mean 'capture'?"},
      {"instances:1", "did you mean 'instance'?"},
      {"pid:17", "no sort of subject"},
      {"instance:x", "no number of an instance"},
      {"capture:0", "no number of a capture"},
      {"0", "no number of a capture"},
      {"99999999999999999999", "no number of a capture"},
      {"folder", "samples.db"},
      {"run:heap.pb.gz", "neither a database nor"},
      {"", "possible are"},
      {"time:soon", "neither a duration"},
  };
  for (const auto& [word, message] : kWords) {
    const auto subject = parsed(word);
    ASSERT_FALSE(subject) << word;
    EXPECT_EQ(subject.error().kind, ErrorKind::kInvalid) << word;
    EXPECT_THAT(subject.error().message, HasSubstr(message)) << word;
  }
}

TEST(CompareSubject, WhatIsNotThereIsNotFound) {
  for (const char* word : {"missing", "run:missing", "file:missing", "/no/such:file"}) {
    const auto subject = parsed(word);
    ASSERT_FALSE(subject) << word;
    EXPECT_EQ(subject.error().kind, ErrorKind::kNotFound) << word;
    EXPECT_THAT(subject.error().message, HasSubstr("no such file"));
  }
}

TEST(CompareSubject, OneSortOnBothSides) {
  const Subject file = FileSubject{"a"};
  const Subject capture = CaptureSubject{1};
  const Subject time = TimeSubject{kNow};
  EXPECT_EQ(*common_sort(file, capture), SubjectSort::kCapture);
  EXPECT_EQ(*common_sort(time, time), SubjectSort::kTime);
  const auto mixed = common_sort(capture, time);
  ASSERT_FALSE(mixed);
  EXPECT_THAT(mixed.error().message, HasSubstr("A is a capture, B is a time"));
  EXPECT_THAT(mixed.error().message, HasSubstr("two runs"));
}

}  // namespace
}  // namespace soakwatch
