#include "cli/soak/soak_verdict.h"

#include <gtest/gtest.h>

#include "cli/command.h"

namespace soakwatch {
namespace {

using namespace std::chrono_literals;
using How = SoakEnding::How;
using State = JudgedSignal::State;

const std::vector<NeededSpan> kNeeded{{"fd_growth", Metric::kOpenFds, 3h},
                                      {"goroutine_growth", Metric::kGoroutines, 3h}};
constexpr milliseconds kColdStart = 2h;
const SoakEnding kTimeUp{How::kTimeUp, "", 8h, 8h};

// One process of which the descriptors were read for so long, with windows of that length.
Analysis seen(milliseconds span, std::optional<milliseconds> window) {
  InstanceResult instance;
  instance.number = 1;
  instance.span = span;
  SeriesResult series;
  series.metric = Metric::kOpenFds;
  series.samples = 100;
  series.span = span;
  instance.series.push_back(series);
  Sensitivity sensitivity{"fd_growth", Metric::kOpenFds, {}, 0.9, window.value_or(0ms)};
  if (window) sensitivity.slope_per_hour = 3;
  instance.sensitivity.push_back(sensitivity);
  Analysis analysis;
  analysis.verdict = window ? Verdict::kClean : Verdict::kInconclusive;
  analysis.summary = "the summary";
  analysis.samples = 100;
  analysis.instance_count = 1;
  analysis.instances.push_back(instance);
  return analysis;
}

void add_alert(Analysis& analysis, bool fired) {
  AlertResult result;
  result.alert.finding.detector = "fd_growth";
  result.alert.finding.metric = Metric::kOpenFds;
  result.alert.finding.summary = "descriptors grew";
  if (fired) result.alert.fired_at = WallTime(1s);
  analysis.alerts.push_back(result);
  analysis.verdict = fired ? Verdict::kLeak : Verdict::kInconclusive;
}

SoakJudgement judge(const Analysis& analysis, const SoakEnding& ending = kTimeUp) {
  return judge_soak(analysis, kNeeded, kColdStart, ending);
}

TEST(SoakVerdict, PassesWhatWasSeenLongEnough) {
  const SoakJudgement judgement = judge(seen(8h, 4h));
  EXPECT_EQ(judgement.verdict, SoakVerdict::kPass);
  EXPECT_EQ(judgement.exit_status, kExitDone);
  EXPECT_EQ(judgement.reason, "the summary");
  ASSERT_EQ(judgement.signals.size(), 2U);
  EXPECT_EQ(judgement.signals[0].state, State::kClean);
  EXPECT_EQ(judgement.signals[0].detectable, 3);
  EXPECT_EQ(judgement.signals[1].state, State::kNotSeen);
  EXPECT_EQ(judgement.signals[1].words, "goroutines could not be read");
}

TEST(SoakVerdict, NeverPassesWindowsShorterThanAColdStart) {
  // `analyze` calls it clean: the windows were full.
  const SoakJudgement judgement = judge(seen(1h, 48min));
  EXPECT_EQ(judgement.verdict, SoakVerdict::kInconclusive);
  EXPECT_EQ(judgement.exit_status, kExitInconclusive);
  EXPECT_EQ(judgement.signals[0].state, State::kNotJudged);
  EXPECT_EQ(judgement.reason,
            "no leak was found, but not everything was judged (fd_growth): needs 3h of one "
            "process, and had 1h; a verdict needs at least 3h4m");
}

TEST(SoakVerdict, NeverPassesHolesOrNoise) {
  const SoakJudgement judgement = judge(seen(8h, {}));
  EXPECT_EQ(judgement.verdict, SoakVerdict::kInconclusive);
  EXPECT_NE(judgement.reason.find("too many holes, or too much noise, in 8h"), std::string::npos);
}

TEST(SoakVerdict, NeverPassesWithoutASample) {
  Analysis nothing;
  nothing.summary = "nothing to judge: there is no sample";
  const SoakJudgement judgement = judge(nothing);
  EXPECT_EQ(judgement.verdict, SoakVerdict::kInconclusive);
  EXPECT_EQ(judgement.reason, nothing.summary);
}

TEST(SoakVerdict, NeverPassesWithoutADetector) {
  const SoakJudgement judgement = judge_soak(seen(8h, 4h), {}, kColdStart, kTimeUp);
  EXPECT_EQ(judgement.verdict, SoakVerdict::kInconclusive);
  EXPECT_NE(judgement.reason.find("no detector of growth"), std::string::npos);
}

TEST(SoakVerdict, ASuspicionIsInconclusive) {
  Analysis analysis = seen(8h, 4h);
  add_alert(analysis, false);
  const SoakJudgement judgement = judge(analysis);
  EXPECT_EQ(judgement.verdict, SoakVerdict::kInconclusive);
  EXPECT_EQ(judgement.signals[0].state, State::kSuspect);
  EXPECT_EQ(judgement.signals[0].words, "descriptors grew");
}

TEST(SoakVerdict, ALeakFailsHoweverTheSoakEnded) {
  for (const How how : {How::kTimeUp, How::kInterrupted, How::kTargetLost, How::kCommandEnded}) {
    Analysis analysis = seen(8h, 4h);
    add_alert(analysis, true);
    const SoakJudgement judgement = judge(analysis, {how, "it ended", 1h, 8h});
    EXPECT_EQ(judgement.verdict, SoakVerdict::kFail);
    EXPECT_EQ(judgement.exit_status, kExitLeak);
    EXPECT_EQ(judgement.reason, "the summary; it ended");
    EXPECT_EQ(judgement.signals[0].state, State::kLeak);
  }
}

TEST(SoakVerdict, AnEndBeforeTheTimeIsNoPass) {
  const auto status_of = [](How how) {
    const SoakJudgement judgement = judge(seen(8h, 4h), {how, "it ended", 7h, 8h});
    EXPECT_EQ(judgement.verdict, SoakVerdict::kInconclusive);
    EXPECT_TRUE(judgement.reason.starts_with("it ended"));
    return judgement.exit_status;
  };
  EXPECT_EQ(status_of(How::kInterrupted), kExitInconclusive);
  EXPECT_EQ(status_of(How::kTargetLost), kExitTargetLost);
  EXPECT_EQ(status_of(How::kCommandEnded), kExitTargetLost);
  EXPECT_EQ(status_of(How::kNotStarted), kExitError);
}

TEST(SoakVerdict, OneProcessOfSeveralMayBeLongEnough) {
  Analysis analysis = seen(4h, 3h);
  analysis.instances.push_back(seen(10min, {}).instances[0]);
  EXPECT_EQ(judge(analysis).verdict, SoakVerdict::kPass);
}

}  // namespace
}  // namespace soakwatch
