#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <limits>

#include "alerts/notifier.h"
#include "example_alerts.h"

namespace soakwatch {
namespace {

namespace json = boost::json;

TEST(ToJson, GivesEveryFigureOfTheAlert) {
  EXPECT_EQ(json::parse(to_json(to_firing())), json::parse(R"json({
    "time": "2026-11-20T09:05:00.250Z", "id": 7, "target": "sidecar", "pid": 1234, "instance": 3,
    "state": "firing", "from": "pending", "reason": "held for 5m", "metric": "goroutines",
    "detector": "goroutine_growth", "severity": "warning", "grade": "alert",
    "is_leak": true, "cause": "goroutines that never end", "root": "", "base": 54, "current": 1204,
    "growth": 1150, "slope_per_hour": 240, "slope_ci": [231.5, 250],
    "since": "2026-11-20T08:40:00Z", "span_seconds": 1440,
    "pending_since": "2026-11-20T09:00:00Z", "fired_at": "2026-11-20T09:05:00.250Z",
    "resolved_at": null, "summary": "goroutines grow steadily",
    "limit": {"name": "RLIMIT_NOFILE", "value": 1024, "time_left_seconds": 6600},
    "ruled_out": ["more work: the load grew by 3 %"],
    "gates": [{"name": "size", "passed": true, "measured": 1150, "threshold": 50,
               "meaning": "growth in goroutines, at least"}],
    "culprits": [{"kind": "goroutine", "name": "main.leak", "location": "leak.go:7",
                  "state": "chan receive", "before": 4, "now": 1154, "share": 1,
                  "stack": ["main.leak (leak.go:7)"]}],
    "probe": "one stack"})json"));
}

TEST(ToJson, GivesTheEndOfAResolvedAlert) {
  const auto object = json::parse(to_json(to_resolved())).as_object();
  EXPECT_EQ(object.at("state"), "resolved");
  EXPECT_EQ(object.at("from"), "firing");
  EXPECT_EQ(object.at("resolved_at"), "2026-11-20T10:00:00Z");
}

TEST(ToJson, NumbersThatAreNotFiniteAreNull) {
  AlertTransition t = to_firing();
  t.alert.finding.slope_low = -std::numeric_limits<double>::infinity();
  t.alert.finding.slope_high = std::numeric_limits<double>::infinity();
  t.alert.finding.gates[0].measured = std::numeric_limits<double>::quiet_NaN();
  const auto object = json::parse(to_json(t)).as_object();
  EXPECT_EQ(object.at("slope_ci"), (json::array{nullptr, nullptr}));
  EXPECT_TRUE(object.at("gates").at(0).at("measured").is_null());
}

TEST(ToJson, WholeNumbersAreWrittenAsSuchAndHugeOnesStayNumbers) {
  AlertTransition t = to_firing();
  t.alert.finding.current = 1e300;
  EXPECT_NE(to_json(t).find(R"("slope_per_hour":240,)"), std::string::npos);
  EXPECT_EQ(json::parse(to_json(t)).at("current").as_double(), 1e300);
}

TEST(ToJson, StaysOneValidLineWhateverTheNamesHold) {
  AlertTransition t = to_firing();
  t.alert.target_name = "a\"\n\x1b[31m\xff";
  t.reason = std::string(100000, 'x');
  const std::string text = to_json(t);
  EXPECT_EQ(text.find('\n'), std::string::npos);
  EXPECT_LT(text.size(), 5000U);
  EXPECT_EQ(json::parse(text).at("target"), "a\"\\x0a\\x1b[31m\\xff");
}

TEST(ToJson, ALimitThatIsNotKnownIsNullAndAnEmptyListIsEmpty) {
  AlertTransition t = to_firing();
  t.alert.finding.limit.reset();
  t.alert.finding.ruled_out.clear();
  t.alert.finding.root = "fd_growth";
  t.alert.finding.grade = Grade::kSuspect;
  t.alert.finding.is_leak = false;
  const auto object = json::parse(to_json(t)).as_object();
  EXPECT_TRUE(object.at("limit").is_null());
  EXPECT_EQ(object.at("ruled_out"), json::array());
  EXPECT_EQ(object.at("root"), "fd_growth");
  EXPECT_EQ(object.at("grade"), "suspect");
  EXPECT_EQ(object.at("is_leak"), false);
}

TEST(Describe, SaysWhatGrowsHowFastSinceWhenWhyAndUntilWhen) {
  EXPECT_EQ(describe(to_firing()),
            "FIRING warning sidecar (pid 1234): goroutines grow by +240/h "
            "(54 -> 1,204 since 2026-11-20T08:40:00Z): goroutines that never end; "
            "behind it: main.leak (leak.go:7), chan receive; "
            "reaches RLIMIT_NOFILE (1,024) in 1h50m");
}

TEST(Describe, SaysNoMoreThanIsKnown) {
  AlertTransition t = to_firing();
  t.alert.finding.cause.clear();
  t.alert.finding.limit.reset();
  t.alert.finding.culprits.clear();
  EXPECT_EQ(describe(t),
            "FIRING warning sidecar (pid 1234): goroutines grow by +240/h "
            "(54 -> 1,204 since 2026-11-20T08:40:00Z)");
}

TEST(Describe, SaysWhyItIsOver) {
  EXPECT_EQ(describe(to_resolved()),
            "RESOLVED warning sidecar (pid 1234): goroutines grew by +240/h "
            "(54 -> 1,204 since 2026-11-20T08:40:00Z): goroutines that never end; process ended");
}

TEST(Describe, SaysThatAPlateauStoppedGrowing) {
  EXPECT_EQ(describe(to_plateau()),
            "PLATEAU warning sidecar (pid 1234): goroutines grew by +240/h "
            "(54 -> 1,204 since 2026-11-20T08:40:00Z): goroutines that never end; "
            "stopped growing, not given back");
}

TEST(Describe, SaysTheNewsOfAnAlertThatFiresAlready) {
  AlertTransition t = to_firing();
  t.from = AlertState::kFiring;
  t.reason = "reaches RLIMIT_NOFILE in 1h50m";
  EXPECT_EQ(describe(t),
            "FIRING warning sidecar (pid 1234): goroutines grow by +240/h "
            "(54 -> 1,204 since 2026-11-20T08:40:00Z): goroutines that never end; "
            "reaches RLIMIT_NOFILE in 1h50m");
}

TEST(Describe, WhatIsNoLeakIsToldInTheWordsOfItsFinding) {
  AlertTransition t = to_firing();
  t.alert.finding.is_leak = false;
  t.alert.finding.limit.reset();
  t.alert.finding.culprits.clear();
  t.alert.finding.cause.clear();
  t.alert.finding.summary = "twice the processor time, at the same load";
  EXPECT_EQ(describe(t),
            "FIRING warning sidecar (pid 1234): twice the processor time, at the same load");
}

TEST(Describe, DisarmsNames) {
  AlertTransition t = to_resolved();
  t.alert.target_name = "x\x1b[31m";
  t.reason = "a\nb";
  const std::string text = describe(t);
  EXPECT_NE(text.find("x\\x1b[31m (pid"), std::string::npos);
  EXPECT_NE(text.find("; a\\x0ab"), std::string::npos);
}

TEST(LogNotifier, WritesTheLineWithItsTransition) {
  std::string line;
  AlertId id = 0;
  const auto notifier = make_log_notifier([&](const AlertTransition& t, const std::string& text) {
    id = t.alert.id;
    line = text;
  });
  EXPECT_TRUE(notifier->notify(to_firing()));
  EXPECT_EQ(id, 7);
  EXPECT_EQ(line, describe(to_firing()));
}

}  // namespace
}  // namespace soakwatch
