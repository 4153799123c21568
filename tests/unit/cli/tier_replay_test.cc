// Data of which the older part was rolled up to minutes are judged as the samples were.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <thread>

#include "../storage/store_fixture.h"
#include "cli/analyze/recorded_data.h"
#include "cli/analyze/replay.h"

namespace soakwatch {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kStart{1'763'629'200s};
constexpr auto kRound = 10s;
constexpr auto kSpan = 48h;
constexpr auto kSeam = 24h;  // of the start, from which on samples are kept

using Hours = std::chrono::duration<double, std::ratio<3600>>;

class TierReplayTest : public StoreTest {
 protected:
  // `fds` takes hours since the start. A busy Go program otherwise.
  template <class Fds>
  void record(Fds fds) const {
    auto store = open();
    const ProcessInfo info = process(7);
    const TargetId target = store->target_id("sidecar", {}, kStart);
    const InstanceId id = store->instance_id(target, info, kStart).id;
    std::mt19937 random(11);
    std::normal_distribution<double> noise(0, 1);
    int count = 0;
    for (milliseconds at{0}; at < kSpan; at += kRound) {
      const double hours = Hours(at).count();
      Sample s{id, kStart + at, at, {}};
      const auto whole = [&](Metric m, double v) { s.values.set(m, std::floor(v)); };
      whole(Metric::kOpenFds, fds(hours) + std::fabs(noise(random)) * 3);
      whole(Metric::kGoroutines, 80 + std::fabs(noise(random)) * 10);
      const double ms = static_cast<double>(at.count());
      const double heap = 60e6 * (1 + std::fmod(ms / 1000, 137) / 137);
      whole(Metric::kHeapAllocBytes, heap);
      whole(Metric::kNextGcBytes, 120e6);
      whole(Metric::kGcCyclesTotal, ms / 137000);
      whole(Metric::kAllocBytesTotal, ms * 438);
      whole(Metric::kRssAnonBytes, 150e6 + noise(random) * 1e6);
      s.values.set(Metric::kCpuSecondsTotal, ms / 1000 * 0.2);
      s.values.set(Metric::kGcCpuFraction, 0.002);
      store->add_sample(s);
      if (++count % 5000 == 0 && !store->flush(kFlushTimeout)) throw std::runtime_error("flush");
    }
    if (!store->close(kFlushTimeout)) throw std::runtime_error("close");
  }
  void roll_up() {
    StoreOptions options = options_;
    options.retention.now = [] { return ClockReading{kStart + kSeam + 1h}; };
    options.retention.keep_raw = 1h;
    options.retention.interval = 1ms;
    const auto store = SampleStore::open(options).value();
    const auto deadline = std::chrono::steady_clock::now() + kFlushTimeout;
    while (store->stats().retention.passes == 0 && std::chrono::steady_clock::now() < deadline)
      std::this_thread::yield();
  }
  Analysis analysis() const {
    const Config config;
    Replay replay(config);
    RecordedQuery query;
    query.file = options_.database;
    const auto played = play_recorded(query, replay);
    if (!played) throw std::runtime_error(played.error().message);
    return replay.finish();
  }
};

// From `onset` hours on.
auto leak(double onset, double per_hour) {
  return [onset, per_hour](double hours) { return 40 + std::max(0.0, hours - onset) * per_hour; };
}

class LeakAcrossTheSeam : public TierReplayTest, public testing::WithParamInterface<double> {};

TEST_P(LeakAcrossTheSeam, IsTheSameAlert) {
  record(leak(GetParam(), 12));
  const Analysis raw = analysis();
  roll_up();
  ASSERT_EQ(ask("SELECT count(*) FROM minutes"), "1440");
  ASSERT_EQ(ask("SELECT count(*) FROM samples"), "8640");
  const Analysis tiers = analysis();
  EXPECT_EQ(tiers.samples, raw.samples);
  EXPECT_EQ(raw.verdict, Verdict::kLeak);
  EXPECT_EQ(tiers.verdict, Verdict::kLeak);
  ASSERT_EQ(raw.alerts.size(), 1U);
  ASSERT_EQ(tiers.alerts.size(), 1U);
  const Alert& a = raw.alerts[0].alert;
  const Alert& b = tiers.alerts[0].alert;
  EXPECT_EQ(a.finding.detector, "fd_growth");
  EXPECT_EQ(b.finding.detector, "fd_growth");
  EXPECT_EQ(b.state, a.state);
  // Blocks of minutes; what was found with longer ones may move by one of those.
  EXPECT_LE(std::chrono::abs(b.finding.since - a.finding.since), 40min);
  EXPECT_LE(std::chrono::abs(*b.fired_at - *a.fired_at), 40min);
  EXPECT_NEAR(b.finding.slope_per_hour, a.finding.slope_per_hour, 1);
}

INSTANTIATE_TEST_SUITE_P(Onset, LeakAcrossTheSeam, testing::Values(2.0, 12.0, 20.0, 23.5));

// A day whose morning looks like a leak, as it does in the samples themselves.
TEST_F(TierReplayTest, ADailySwingIsJudgedAsItsSamplesAre) {
  record([](double h) { return 200 - 150 * std::cos(h / 24 * 6.2832); });
  const Analysis raw = analysis();
  roll_up();
  const Analysis tiers = analysis();
  EXPECT_EQ(tiers.verdict, raw.verdict);
  ASSERT_EQ(tiers.alerts.size(), raw.alerts.size());
  for (std::size_t i = 0; i < raw.alerts.size(); ++i) {
    EXPECT_EQ(tiers.alerts[i].alert.finding.detector, raw.alerts[i].alert.finding.detector);
    EXPECT_EQ(tiers.alerts[i].alert.state, raw.alerts[i].alert.state);
  }
}

struct Quiet {
  const char* name;
  double (*fds)(double hours);
};

class QuietAcrossTheSeam : public TierReplayTest, public testing::WithParamInterface<Quiet> {};

TEST_P(QuietAcrossTheSeam, StaysQuiet) {
  record(GetParam().fds);
  const Analysis raw = analysis();
  roll_up();
  const Analysis tiers = analysis();
  for (const Analysis* one : {&raw, &tiers}) {
    EXPECT_EQ(one->verdict, Verdict::kClean);
    EXPECT_TRUE(one->alerts.empty());
  }
  EXPECT_EQ(tiers.observations.size(), raw.observations.size());  // a burst is told as a step
}

INSTANTIATE_TEST_SUITE_P(
    Process, QuietAcrossTheSeam,
    testing::Values(Quiet{"steady", [](double) { return 40.0; }},
                    Quiet{"bursts", [](double h) { return std::fmod(h, 6) < 0.1 ? 300.0 : 40.0; }},
                    Quiet{"hourly", [](double h) { return 60 + 40 * std::sin(h * 6.2832); }}),
    [](const auto& of) { return std::string(of.param.name); });

}  // namespace
}  // namespace soakwatch
