#include "daemon/logging.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <cstdlib>
#include <sstream>

namespace soakwatch {
namespace {

using namespace std::chrono_literals;

int lines_in(const std::string& text) {
  return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
}

TEST(Logging, JsonLinesAreJsonWhateverTheMessage) {
  LogConfig config;
  config.format = LogFormat::kJson;
  ::testing::internal::CaptureStderr();
  make_logger(config)->warn("{}", "a \"quote\", a \\ and \x1b[31m\n");
  const std::string line = ::testing::internal::GetCapturedStderr();
  const auto value = boost::json::parse(line);
  EXPECT_EQ(value.at("level"), "warning");
  EXPECT_EQ(value.at("message"), "a \"quote\", a \\ and \\x1b[31m\\x0a");
  EXPECT_EQ(lines_in(line), 1);
}

std::string logged(LogPlace place, LogFormat format, spdlog::level::level_enum level) {
  LogConfig config;
  config.format = format;
  config.level = "trace";
  ::testing::internal::CaptureStderr();
  make_logger(config, place)->log(level, "words");
  return ::testing::internal::GetCapturedStderr();
}

TEST(Logging, TheJournalGetsThePriorityInFrontOfEachLine) {
  const auto text = [](auto level) { return logged(LogPlace::kJournal, LogFormat::kText, level); };
  EXPECT_EQ(text(spdlog::level::err), "<3>words\n");
  EXPECT_EQ(text(spdlog::level::warn), "<4>words\n");
  EXPECT_EQ(text(spdlog::level::info), "<6>words\n");
  EXPECT_EQ(text(spdlog::level::debug), "<7>words\n");
  const auto json = logged(LogPlace::kJournal, LogFormat::kJson, spdlog::level::warn);
  EXPECT_EQ(json.substr(0, 4), "<4>{");
}

TEST(Logging, NothingButTheJournalGetsIt) {
  const auto text = logged(LogPlace::kPlain, LogFormat::kText, spdlog::level::warn);
  EXPECT_EQ(text.find('<'), std::string::npos);
  EXPECT_NE(text.find("warning words"), std::string::npos);
  EXPECT_EQ(logged(LogPlace::kPlain, LogFormat::kJson, spdlog::level::warn).front(), '{');
}

TEST(Logging, StderrIsTheJournalWhereTheVariableNamesThatFile) {
  struct stat info {};
  ASSERT_EQ(fstat(STDERR_FILENO, &info), 0);
  const std::string here = std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
  setenv("JOURNAL_STREAM", here.c_str(), 1);
  EXPECT_EQ(place_of_stderr(), LogPlace::kJournal);
  setenv("JOURNAL_STREAM", (here + "1").c_str(), 1);  // another one: stderr was redirected
  EXPECT_EQ(place_of_stderr(), LogPlace::kPlain);
  unsetenv("JOURNAL_STREAM");
  EXPECT_EQ(place_of_stderr(), LogPlace::kPlain);
}

TEST(Logging, UnknownLevelsAreRefused) {
  LogConfig config;
  config.level = "loud";
  EXPECT_THROW(make_logger(config), std::invalid_argument);
}

TEST(FailureLog, SaysALastingFailureOnceAndItsEnd) {
  std::ostringstream out;
  auto logger =
      std::make_shared<spdlog::logger>("t", std::make_shared<spdlog::sinks::ostream_sink_mt>(out));
  FailureLog failures(logger, "sidecar: pprof");
  for (int i = 0; i < 100; ++i) failures.failed("refused", i * 1s);
  EXPECT_EQ(lines_in(out.str()), 1);
  EXPECT_EQ(failures.failures_in_a_row(), 100);
  failures.failed("refused", 700s);
  EXPECT_EQ(lines_in(out.str()), 2);
  failures.succeeded();
  failures.succeeded();
  EXPECT_EQ(lines_in(out.str()), 3);
  EXPECT_NE(out.str().find("works again after 101 failures"), std::string::npos);
}

TEST(FailureLog, FailuresThatComeAndGoDoNotFillTheLog) {
  std::ostringstream out;
  auto logger =
      std::make_shared<spdlog::logger>("t", std::make_shared<spdlog::sinks::ostream_sink_mt>(out));
  FailureLog failures(logger, "sidecar: pprof");
  for (int i = 0; i < 500; ++i) {
    failures.failed("refused", i * 1s);
    failures.succeeded();
  }
  EXPECT_EQ(lines_in(out.str()), 6);
  EXPECT_NE(out.str().find("comes and goes"), std::string::npos);
  failures.failed("refused", 700s);
  EXPECT_EQ(lines_in(out.str()), 7);
}

}  // namespace
}  // namespace soakwatch
