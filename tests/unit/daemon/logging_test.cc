#include "daemon/logging.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <algorithm>
#include <boost/json/parse.hpp>
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
