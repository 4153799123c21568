#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load_config.h"

namespace soakwatch {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> mistakes(std::string_view text) {
  std::vector<std::string> lines;
  for (const auto& error : parse_config(text).errors) {
    lines.push_back(fmt::format("{}:{}: {}", error.line, error.column, error.message));
  }
  return lines;
}

std::vector<Target> targets(std::string_view text) {
  EXPECT_THAT(mistakes(text), IsEmpty()) << text;
  return parse_config(text).config.targets;
}

TEST(LoadTargets, TakesSpecs) {
  const auto all = targets("targets:\n  - name:sidecar\n  - 1234\n  - \"port:6060,pprof=off\"\n");
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].name, "sidecar");
  EXPECT_EQ(all[0].interval, 5s);
  EXPECT_EQ(all[1].spec.kind, TargetKind::kPid);
  EXPECT_EQ(all[2].spec.pprof, PprofMode::kOff);
}

TEST(LoadTargets, TakesSections) {
  const auto all = targets(
      "targets:\n"
      "  - {name: one, match: name:a, interval: 1s, pprof: unix:/a}\n"
      "  - {command: [./a, -v]}\n"
      "  - {match: 'name:b,pprof=off'}\n");
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].name, "one");
  EXPECT_EQ(all[0].interval, 1s);
  EXPECT_EQ(all[0].spec.pprof_url, "unix:/a");
  EXPECT_EQ(all[1].name, "a");
  EXPECT_EQ(all[1].spec.kind, TargetKind::kCommand);
  EXPECT_THAT(all[1].spec.command, ElementsAre("./a", "-v"));
  EXPECT_EQ(all[2].spec.pprof, PprofMode::kOff);
}

TEST(LoadTargets, TheDefaultIntervalMayStandBehindThem) {
  const auto all = targets("targets: [a, {match: b, interval: 9s}]\nsampling: {interval: 2s}\n");
  EXPECT_EQ(all[0].interval, 2s);
  EXPECT_EQ(all[1].interval, 9s);
}

TEST(LoadTargets, RefusesWhatNamesNoProcess) {
  EXPECT_THAT(mistakes("targets:\n  - {name: a}\n"), ElementsAre(HasSubstr("2:5: a target needs")));
  EXPECT_THAT(mistakes("targets: [{match: a, command: [b]}]"), ElementsAre(HasSubstr("either")));
  EXPECT_THAT(mistakes("targets: [{command: ['']}]"), ElementsAre(HasSubstr("empty")));
  EXPECT_THAT(mistakes("targets: [{command: []}]"), ElementsAre(HasSubstr("needs 'match'")));
  EXPECT_THAT(mistakes("targets: [~]"), ElementsAre(HasSubstr("not nothing")));
  EXPECT_THAT(mistakes("targets: [[a]]"), ElementsAre(HasSubstr("not a list")));
  EXPECT_THAT(mistakes("targets: ['']"), ElementsAre(HasSubstr("a target is missing")));
  EXPECT_THAT(mistakes("targets: [010]"), ElementsAre(HasSubstr("a pid is a number")));
}

TEST(LoadTargets, AWrongKeyIsOneMistakeAndNotTwo) {
  EXPECT_THAT(mistakes("targets:\n  - name: a\n    mtach: b\n"),
              ElementsAre("3:5: unknown key 'mtach' of a target; did you mean 'match'?"));
  EXPECT_THAT(mistakes("targets:\n  - match: unit:sidecar\n"),
              ElementsAre(HasSubstr("2:12: unit 'sidecar' needs its type")));
}

TEST(LoadTargets, ABlankBehindTheColonIsExplained) {
  EXPECT_THAT(mistakes("targets:\n  - name: sidecar\n"),
              ElementsAre(HasSubstr("write 'name:sidecar' without a blank")));
  EXPECT_THAT(mistakes("targets:\n  - pid: 12\n"),
              testing::Contains(HasSubstr("write 'pid:12' without a blank")));
}

TEST(LoadTargets, NamesAreUnique) {
  EXPECT_THAT(mistakes("targets:\n  - a\n  - {name: a, match: b}\n"),
              ElementsAre(HasSubstr("3:5: the target in line 2 is called 'a' already")));
}

TEST(LoadTargets, PprofStandsOnce) {
  EXPECT_THAT(mistakes("targets: [{match: 'a,pprof=off', pprof: 'unix:/a'}]"),
              ElementsAre(HasSubstr("pprof stands both")));
}

TEST(LoadTargets, ThousandsAreReadAndTooManyRefused) {
  std::string text = "targets:\n";
  for (int i = 1; i <= 5000; ++i) text += fmt::format("  - {}\n", i);
  EXPECT_EQ(targets(text).size(), 5000U);
  EXPECT_THAT(mistakes(text + "  - x\n"), ElementsAre(HasSubstr("more than 5000 targets")));
}

}  // namespace
}  // namespace soakwatch
