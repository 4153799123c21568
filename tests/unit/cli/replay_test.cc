#include "cli/analyze/replay.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <cmath>

#include "cli/analyze/analysis_output.h"

namespace soakwatch {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kStart{1'763'629'200s};

MetricValues values_of(Metric metric, double value) {
  MetricValues values;
  values.set(metric, value);
  return values;
}

// Ten hours of a minute each; `value` takes hours.
template <class Value>
void play(Replay& replay, Metric metric, Value value, const std::string& target = "sidecar",
          int pid = 7, WallTime start = kStart) {
  for (int i = 0; i <= 600; ++i) {
    const WallTime time = start + i * 1min;
    ASSERT_TRUE(replay.add_row(target, pid, time, values_of(metric, value(i / 60.0))));
  }
}

const SeriesResult* series_of(const Analysis& analysis, Metric metric, std::size_t instance = 0) {
  for (const SeriesResult& series : analysis.instances.at(instance).series) {
    if (series.metric == metric) return &series;
  }
  return nullptr;
}

// The text and the JSON of anything must be sound.
void expect_printable(const Analysis& analysis) {
  const AnalysisSource source{"soak.csv", 0, {}};
  EXPECT_FALSE(analysis_text(analysis, source, false).empty());
  boost::system::error_code error;
  boost::json::parse(analysis_json(analysis, source), error);
  EXPECT_FALSE(error);
}

TEST(Replay, FindsALeakAndSaysHowFast) {
  const Config config;
  Replay replay(config);
  play(replay, Metric::kOpenFds, [](double h) { return std::floor(12 + 200 * h); });
  const Analysis analysis = replay.finish();
  EXPECT_EQ(analysis.verdict, Verdict::kLeak);
  ASSERT_EQ(analysis.alerts.size(), 1U);
  const Alert& alert = analysis.alerts[0].alert;
  EXPECT_EQ(alert.finding.detector, "fd_growth");
  EXPECT_EQ(alert.state, AlertState::kFiring);
  EXPECT_EQ(alert.target_name, "sidecar");
  EXPECT_EQ(alert.pid, 7);
  const SeriesResult* fds = series_of(analysis, Metric::kOpenFds);
  ASSERT_NE(fds, nullptr);
  EXPECT_EQ(fds->state, SeriesState::kGrowing);
  EXPECT_EQ(fds->samples, 601);
  EXPECT_EQ(fds->span, 10h);
  EXPECT_NEAR(fds->slope->value, 200, 2);
  expect_printable(analysis);
}

TEST(Replay, IsCleanOnAConstantSeries) {
  const Config config;
  Replay replay(config);
  play(replay, Metric::kOpenFds, [](double) { return 12; });
  const Analysis analysis = replay.finish();
  EXPECT_EQ(analysis.verdict, Verdict::kClean);
  EXPECT_TRUE(analysis.alerts.empty());
  EXPECT_EQ(series_of(analysis, Metric::kOpenFds)->state, SeriesState::kSteady);
  EXPECT_EQ(series_of(analysis, Metric::kOpenFds)->slope->value, 0);
  EXPECT_TRUE(series_of(analysis, Metric::kOpenFds)->detectable);
}

TEST(Replay, SaysWhenThereIsTooLittle) {
  const Config config;
  Replay empty(config);
  EXPECT_EQ(empty.finish().verdict, Verdict::kInconclusive);
  Replay one(config);
  ASSERT_TRUE(one.add_row("", 0, kStart, values_of(Metric::kOpenFds, 12)));
  const Analysis analysis = one.finish();
  EXPECT_EQ(analysis.verdict, Verdict::kInconclusive);
  EXPECT_EQ(series_of(analysis, Metric::kOpenFds)->state, SeriesState::kTooShort);
  EXPECT_FALSE(series_of(analysis, Metric::kOpenFds)->slope);
  expect_printable(analysis);
}

TEST(Replay, SaysWhenNobodyLooksAtWhatIsThere) {
  const Config config;
  Replay replay(config);
  play(replay, Metric::kVsizeBytes, [](double h) { return 1e9 * (1 + h); });
  const Analysis analysis = replay.finish();
  EXPECT_EQ(analysis.verdict, Verdict::kInconclusive);
  EXPECT_EQ(series_of(analysis, Metric::kVsizeBytes)->state, SeriesState::kNotJudged);
  EXPECT_NEAR(series_of(analysis, Metric::kVsizeBytes)->slope->value, 1e9, 1e7);
}

TEST(Replay, TakesTheIntervalFromTheData) {
  const Config config;
  // Six rounds of ten minutes make blocks of an hour, of which 18 are a window.
  const auto alert_after = [&](milliseconds round) {
    Replay replay(config);
    for (int i = 0; i < 600; ++i) {
      const WallTime time = kStart + i * round;
      const double hours = std::chrono::duration<double, std::ratio<3600>>(i * round).count();
      EXPECT_TRUE(
          replay.add_row("", 0, time, values_of(Metric::kOpenFds, std::floor(100 + 500 * hours))));
    }
    const Analysis analysis = replay.finish();
    EXPECT_EQ(analysis.alerts.size(), 1U);
    return analysis.alerts.empty() ? milliseconds(0) : *analysis.alerts[0].alert.fired_at - kStart;
  };
  EXPECT_LT(alert_after(1min), 4h);
  EXPECT_GE(alert_after(10min), 18h);
}

TEST(Replay, BeginsANewInstanceAtANewPid) {
  const Config config;
  Replay replay(config);
  // Each grows for an hour from the start, and none for long.
  play(
      replay, Metric::kOpenFds, [](double) { return 12; }, "sidecar", 7);
  play(
      replay, Metric::kOpenFds, [](double) { return 400; }, "sidecar", 8, kStart + 11h);
  const Analysis analysis = replay.finish();
  EXPECT_EQ(analysis.instance_count, 2);
  ASSERT_EQ(analysis.instances.size(), 2U);
  EXPECT_EQ(analysis.instances[0].pid, 7);
  EXPECT_EQ(analysis.instances[1].pid, 8);
  EXPECT_TRUE(analysis.alerts.empty());
}

TEST(Replay, EndsTheAlertsOfAProcessThatWasRestarted) {
  const Config config;
  Replay replay(config);
  const auto leak = [](double h) { return std::floor(12 + 200 * h); };
  play(replay, Metric::kOpenFds, leak, "sidecar", 7);
  play(
      replay, Metric::kOpenFds, [](double) { return 12; }, "sidecar", 8, kStart + 11h);
  const Analysis analysis = replay.finish();
  EXPECT_EQ(analysis.verdict, Verdict::kLeak);
  ASSERT_EQ(analysis.alerts.size(), 1U);
  EXPECT_EQ(analysis.alerts[0].alert.state, AlertState::kResolved);
  EXPECT_EQ(analysis.alerts[0].alert.resolved_at, kStart + 10h);
  EXPECT_EQ(series_of(analysis, Metric::kOpenFds, 0)->state, SeriesState::kGrowing);
  EXPECT_EQ(series_of(analysis, Metric::kOpenFds, 1)->state, SeriesState::kSteady);
}

TEST(Replay, KeepsProcessesApartThatAreMixed) {
  const Config config;
  Replay replay(config);
  for (int i = 0; i <= 600; ++i) {
    const WallTime time = kStart + i * 1min;
    for (int pid = 1; pid <= 5; ++pid)
      ASSERT_TRUE(replay.add_row("", pid, time, values_of(Metric::kOpenFds, 1000.0 * pid)));
  }
  const Analysis analysis = replay.finish();
  EXPECT_EQ(analysis.instance_count, 5);
  EXPECT_TRUE(analysis.alerts.empty());
  for (const InstanceResult& instance : analysis.instances) EXPECT_EQ(instance.samples, 601);
}

TEST(Replay, TellsARestartByProcessorTimeThatFalls) {
  const Config config;
  Replay replay(config);
  for (int i = 0; i < 100; ++i) {
    MetricValues values = values_of(Metric::kOpenFds, 12);
    values.set(Metric::kCpuSecondsTotal, i < 50 ? 100 + i : i - 50);
    ASSERT_TRUE(replay.add_row("", 1, kStart + i * 1min, values));
  }
  EXPECT_EQ(replay.finish().instance_count, 2);
}

TEST(Replay, GoesOnAfterAClockThatWasSetBack) {
  const Config config;
  Replay replay(config);
  for (int i = 0; i <= 600; ++i) {
    const WallTime time = kStart + i * 1min - (i >= 300 ? 2h : 0h);
    ASSERT_TRUE(replay.add_row("", 0, time, values_of(Metric::kOpenFds, 12 + 4 * i)));
  }
  const Analysis analysis = replay.finish();
  EXPECT_EQ(analysis.clock_steps, 1);
  EXPECT_EQ(analysis.first_clock_step->from - analysis.first_clock_step->to, 119min);
  EXPECT_EQ(analysis.instance_count, 1);
  EXPECT_EQ(series_of(analysis, Metric::kOpenFds)->span, 10h);
  EXPECT_NEAR(series_of(analysis, Metric::kOpenFds)->slope->value, 240, 5);
  EXPECT_EQ(analysis.verdict, Verdict::kLeak);
}

TEST(Replay, LeavesAClockThatWasSetAheadAsAHole) {
  const Config config;
  Replay replay(config);
  for (int i = 0; i <= 600; ++i) {
    const WallTime time = kStart + i * 1min + (i >= 300 ? 24h * 365 : 0h);
    ASSERT_TRUE(replay.add_row("", 0, time, values_of(Metric::kOpenFds, i < 300 ? 12 : 500)));
  }
  const Analysis analysis = replay.finish();
  EXPECT_EQ(analysis.clock_steps, 0);
  EXPECT_TRUE(analysis.alerts.empty());
  EXPECT_EQ(series_of(analysis, Metric::kOpenFds)->span, 24h * 365 + 10h);
}

TEST(Replay, StandsHugeValues) {
  const Config config;
  Replay replay(config);
  play(replay, Metric::kRssAnonBytes, [](double h) { return 1e300 * (1 + h) * (1 + 1e7 * h); });
  const Analysis analysis = replay.finish();
  expect_printable(analysis);
}

TEST(Replay, FollowsTheConfiguration) {
  Config config;
  config.detection.open_fds.min_growth = 1e6;
  Replay strict(config);
  const auto leak = [](double h) { return std::floor(12 + 200 * h); };
  play(strict, Metric::kOpenFds, leak);
  EXPECT_TRUE(strict.finish().alerts.empty());
  config = Config{};
  config.alerts.hold = 48h;
  Replay patient(config);
  play(patient, Metric::kOpenFds, leak);
  const Analysis analysis = patient.finish();
  EXPECT_EQ(analysis.verdict, Verdict::kInconclusive);
  ASSERT_EQ(analysis.alerts.size(), 1U);
  EXPECT_EQ(analysis.alerts[0].alert.state, AlertState::kPending);
  EXPECT_EQ(series_of(analysis, Metric::kOpenFds)->state, SeriesState::kSuspect);
}

TEST(Replay, GivesUpOnTooManyProcessesAtATime) {
  const Config config;
  Replay replay(config);
  Result<void> added;
  for (int i = 0; i < 4 && added; ++i) {
    for (int pid = 1; pid <= 300 && added; ++pid)
      added = replay.add_row("", pid, kStart + i * 1min, values_of(Metric::kOpenFds, 12));
  }
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().kind, ErrorKind::kTooLarge);
}

TEST(Replay, TakesAnyNumberOfRestarts) {
  const Config config;
  Replay replay(config);
  for (int pid = 1; pid <= 3000; ++pid) {
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(
          replay.add_row("", pid, kStart + pid * 1h + i * 1min, values_of(Metric::kOpenFds, 12)));
    }
  }
  const Analysis analysis = replay.finish();
  EXPECT_EQ(analysis.instance_count, 3000);
  EXPECT_EQ(analysis.instances.size(), Replay::kMostListedInstances);
  EXPECT_TRUE(analysis.left_out);
  expect_printable(analysis);
}

}  // namespace
}  // namespace soakwatch
