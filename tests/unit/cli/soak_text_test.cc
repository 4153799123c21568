// The line of a soak under way, and what moves.
#include <gtest/gtest.h>

#include "cli/soak/command_log.h"
#include "cli/soak/movement.h"
#include "cli/soak/progress_text.h"
#include "cli/soak/report_folder.h"

namespace soakwatch {
namespace {

using namespace std::chrono_literals;

MetricValues values_of(Metric metric, double value) {
  MetricValues values;
  values.set(metric, value);
  return values;
}

SoakProgress some_progress() {
  SoakProgress progress;
  progress.target = "sidecar";
  progress.planned = 8h;
  progress.passed = 3h + 22min;
  progress.rounds = 2411;
  return progress;
}

TEST(ProgressText, SaysHowFarAndWhatMoves) {
  SoakProgress progress = some_progress();
  EXPECT_EQ(progress_text(progress, 200), "sidecar  42 %, 4h38m left, 2411 rounds; nothing grows");
  progress.growing = {{Metric::kGoroutines, 24, 126}};
  progress.firing = 1;
  progress.suspected = 2;
  EXPECT_EQ(progress_text(progress, 200),
            "sidecar  42 %, 4h38m left, 2411 rounds; 1 ALERT; 2 suspicions; goroutines +425 % (24 "
            "to 126)");
}

TEST(ProgressText, SaysWhatIsWaitedFor) {
  SoakProgress progress = some_progress();
  progress.warm_up_left = 9min + 1ms;
  EXPECT_TRUE(progress_text(progress, 200).ends_with("; warms up for 9m1s"));
  progress.away = true;
  EXPECT_TRUE(progress_text(progress, 200).ends_with("; waiting for the process"));
}

TEST(ProgressText, FitsTheTerminalAndIsHarmless) {
  SoakProgress progress = some_progress();
  progress.target = "side\x1b[31mcar";
  for (std::size_t width = 0; width < 100; ++width) {
    const std::string text = progress_text(progress, width);
    EXPECT_LE(text.size(), std::max<std::size_t>(width, 3));
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
  }
}

TEST(Movement, TellsTheFloorThatRose) {
  Movement movement;
  for (int i = 0; i < 12; ++i) movement.add(values_of(Metric::kGoroutines, 24 + 100 * (i % 2)));
  EXPECT_TRUE(movement.growing().empty());
  for (int i = 0; i < 12; ++i) movement.add(values_of(Metric::kGoroutines, 126 + 100 * (i % 2)));
  const auto growing = movement.growing();
  ASSERT_EQ(growing.size(), 1U);
  EXPECT_EQ(moving_text(growing[0]), "goroutines +425 % (24 to 126)");
}

TEST(Movement, IsQuietOnASawtoothAndOnTrifles) {
  Movement movement;
  for (int i = 0; i < 100; ++i) {
    MetricValues values = values_of(Metric::kNextGcBytes, 8e6 + 1e6 * (i % 10));
    values.set(Metric::kOpenFds, 10 + (i > 50 ? 1 : 0));
    values.set(Metric::kRssAnonBytes, 1e6 + 100 * i);
    movement.add(values);
  }
  EXPECT_TRUE(movement.growing().empty());
}

TEST(Movement, TheGreatestShareComesFirst) {
  Movement movement;
  for (int i = 0; i < 30; ++i) {
    MetricValues values = values_of(Metric::kOpenFds, 100 + i);
    values.set(Metric::kThreads, 10 + i);
    movement.add(values);
  }
  const auto growing = movement.growing();
  ASSERT_EQ(growing.size(), 2U);
  EXPECT_EQ(growing[0].metric, Metric::kThreads);
}

TEST(ReportFolder, NameHoldsNothingOdd) {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  EXPECT_EQ(default_folder_name("a b/../\x1b", WallTime(1'763'629'200s)),
            "soakwatch-soak-a_b_..__-20251120-090000");
}

TEST(CommandLog, KeepsTheEndWithinItsLimit) {
  const auto file = std::filesystem::path(testing::TempDir()) / "soak_text_test.command.log";
  CommandLog log(file, 1000);
  for (int i = 0; i < 1000; ++i) log.append("line " + std::to_string(i) + "\n");
  EXPECT_FALSE(log.failure());
  EXPECT_EQ(log.last_lines(2), "line 998\nline 999");
  const auto rotated = file.string() + ".1";
  EXPECT_LE(std::filesystem::file_size(file) + std::filesystem::file_size(rotated), 2000U);
  std::filesystem::remove(file);
  std::filesystem::remove(rotated);
}

TEST(CommandLog, GoesOnWhereNothingCanBeWritten) {
  CommandLog log("/no/such/folder/command.log");
  log.append("one\ntwo");
  ASSERT_TRUE(log.failure());
  EXPECT_EQ(log.last_lines(1), "two");
  EXPECT_EQ(log.last_lines(5), "one\ntwo");
  EXPECT_EQ(CommandLog("/no/such").last_lines(3), "");
}

}  // namespace
}  // namespace soakwatch
