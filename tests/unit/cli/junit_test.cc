// What machines read of a soak: tests/integration/test_soak.py checks the form of the whole.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "cli/soak/soak_report.h"

namespace soakwatch {
namespace {

using namespace std::chrono_literals;
using How = SoakEnding::How;
using State = JudgedSignal::State;

SoakReport some_report() {
  SoakReport report;
  report.target = "sidecar";
  report.spec = "name:sidecar";
  report.began = WallTime(1'763'629'200s);
  report.ending = {How::kTimeUp, "", 8h, 8h};
  report.judgement.verdict = SoakVerdict::kPass;
  report.judgement.reason = "no leak in 8h";
  report.judgement.signals = {{"fd_growth", Metric::kOpenFds, State::kClean, "", 3, 0.9}};
  return report;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Junit, WhatPassed) {
  const std::string xml = junit_xml(some_report());
  EXPECT_TRUE(xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>"));
  EXPECT_TRUE(has(xml, R"(name="soak of sidecar" tests="2" failures="0" errors="0" skipped="0")"));
  EXPECT_TRUE(has(xml, R"(time="28800.000" timestamp="2025-11-20T09:00:00")"));
  EXPECT_TRUE(has(xml, "smallest detectable growth: +3/h, found in 90 % of all cases"));
}

TEST(Junit, ALeakIsAFailureAndWhatWasNotJudgedIsSkipped) {
  SoakReport report = some_report();
  report.judgement.signals[0].state = State::kLeak;
  report.judgement.signals[0].words = "it grew";
  report.judgement.signals.push_back(
      {"thread_growth", Metric::kThreads, State::kNotJudged, "too short", {}, 0});
  const std::string xml = junit_xml(report);
  EXPECT_TRUE(has(xml, R"(tests="3" failures="1" errors="0" skipped="1")"));
  EXPECT_TRUE(has(xml, R"(<failure type="leak" message="it grew"/>)"));
  EXPECT_TRUE(has(xml, R"(<skipped message="too short"/>)"));
}

TEST(Junit, ACommandThatFailedIsAnErrorAndNoFailure) {
  SoakReport report = some_report();
  report.command = {"./sidecar"};
  report.ending = {How::kCommandEnded, "the command exited with status 2", 1h, 8h};
  report.command_end = CommandEnd{"exited with status 2", 2, {}, false};
  report.last_output = "panic: no\n\x1b[31mgoroutine 1\r\n";
  EXPECT_TRUE(command_failed(report));
  const std::string xml = junit_xml(report);
  EXPECT_TRUE(has(xml, R"(failures="0" errors="1")"));
  EXPECT_TRUE(has(xml, R"(<error type="command_failed")"));
  EXPECT_TRUE(has(xml, "panic: no\n\\x1b[31mgoroutine 1\n"));
  report.command_end->status = 0;
  EXPECT_FALSE(command_failed(report));
  EXPECT_TRUE(has(junit_xml(report), R"(<error type="command_ended")"));
  // What we end ourselves did not fail.
  report.command_end = CommandEnd{"killed by signal 15", {}, 15, true};
  EXPECT_FALSE(command_failed(report));
}

TEST(Junit, HostileWordsAreEscaped) {
  SoakReport report = some_report();
  report.target = "a<b>&\"c\x01\xff";
  const std::string xml = junit_xml(report);
  EXPECT_TRUE(has(xml, "soak of a&lt;b&gt;&amp;&quot;c\\x01\\xff"));
  for (const char c : xml) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
}

TEST(SoakJson, IsOneObjectWithTheAnalysisInIt) {
  SoakReport report = some_report();
  report.notes = {"a note"};
  report.remarks = {"a remark"};
  const std::string text = soak_json(report);
  EXPECT_EQ(text.find('\n'), std::string::npos);
  const auto object = boost::json::parse(text).as_object();
  EXPECT_EQ(object.at("verdict").as_string(), "PASS");
  EXPECT_EQ(object.at("analysis").at("verdict").as_string(), "inconclusive");
  EXPECT_EQ(object.at("notes").as_array().size(), 2U);
  EXPECT_TRUE(object.at("command").is_null());
  EXPECT_FALSE(has(soak_text(report, false), "a remark"));
  EXPECT_TRUE(has(soak_text(report, false), "a note"));
}

}  // namespace
}  // namespace soakwatch
