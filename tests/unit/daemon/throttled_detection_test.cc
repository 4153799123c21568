// The detectors while the daemon samples less: blocks of time with fewer samples in them.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>
#include <set>
#include <string>

#include "daemon/options.h"
#include "daemon/throttle.h"
#include "detectors/process_judge.h"

namespace soakwatch {
namespace {

using namespace std::chrono_literals;

constexpr double kMiB = 1024.0 * 1024;
constexpr WallTime kStart = from_unix_ms(1795164000000);

// Which factor holds at what time.
using Course = std::function<int(milliseconds)>;
using Fill = std::function<void(double hours, std::mt19937& random, MetricValues& values)>;

int once(milliseconds at) { return at < 5h ? 1 : Throttle::kMaxFactor; }
int in_steps(milliseconds at) {
  return at < 4h ? 1 : 1 << std::min<std::int64_t>(4, (at - 4h) / 30min);
}
int there_and_back(milliseconds at) { return at / 2h % 2 == 0 ? 1 : Throttle::kMaxFactor; }
int falling(milliseconds at) { return at < 5h ? Throttle::kMaxFactor : 1; }

// The detectors that raised an alert in ten hours, as the defaults have it.
std::set<std::string> alerts_of(milliseconds interval, const Course& course, const Fill& fill,
                                unsigned seed) {
  Target target;
  target.interval = interval;
  ProcessJudge judge(detection_options(Config{}, target), ProcessInfo{});
  std::mt19937 random(seed);
  std::set<std::string> alerts;
  for (milliseconds at{0}; at < 10h; at += stretched(interval, course(at))) {
    Sample sample{1, kStart + at, at, {}};
    fill(std::chrono::duration<double>(at) / 1h, random, sample.values);
    for (const Judgement& judgement : judge.observe(sample)) {
      if (judgement.finding && judgement.finding->grade == Grade::kAlert)
        alerts.insert(judgement.detector);
    }
  }
  return alerts;
}

// A service under a load that comes and goes within minutes: a floor, and much above it.
void busy(double, std::mt19937& random, MetricValues& values) {
  std::exponential_distribution<double> burst(1);
  values.set(Metric::kGoroutines, std::floor(30 + 60 * burst(random)));
  values.set(Metric::kOpenFds, std::floor(20 + 40 * burst(random)));
  values.set(Metric::kThreads, std::floor(12 + 10 * burst(random)));
  values.set(Metric::kRssAnonBytes, (100 + 60 * burst(random)) * kMiB);
}

// Idle in one sample of six, else at work.
void rarely_idle(double, std::mt19937& random, MetricValues& values) {
  const bool idle = std::uniform_int_distribution<int>(0, 5)(random) == 0;
  values.set(Metric::kGoroutines, idle ? 20 : 200);
  values.set(Metric::kOpenFds, idle ? 15 : 120);
  values.set(Metric::kRssAnonBytes, (idle ? 80 : 300) * kMiB);
}

void leaking(double hours, std::mt19937& random, MetricValues& values) {
  busy(hours, random, values);
  values.set(Metric::kGoroutines, *values.get(Metric::kGoroutines) + std::floor(200 * hours));
}

struct Case {
  const char* name;
  Course course;
};
const Case kCases[] = {{"once", once},
                       {"in_steps", in_steps},
                       {"there_and_back", there_and_back},
                       {"falling", falling}};

TEST(ThrottledDetection, StaysQuietOnASteadyProcess) {
  for (const Case& one : kCases) {
    for (const milliseconds interval : {1000ms, 5000ms}) {
      for (unsigned seed = 1; seed <= 10; ++seed) {
        EXPECT_TRUE(alerts_of(interval, one.course, busy, seed).empty())
            << one.name << ' ' << interval.count() << ' ' << seed;
        EXPECT_TRUE(alerts_of(interval, one.course, rarely_idle, seed).empty())
            << one.name << " rarely idle " << interval.count() << ' ' << seed;
      }
    }
  }
}

TEST(ThrottledDetection, StillFindsALeak) {
  for (const Case& one : kCases) {
    const auto alerts = alerts_of(5000ms, one.course, leaking, 1);
    EXPECT_EQ(alerts, std::set<std::string>{"goroutine_growth"}) << one.name;
  }
}

}  // namespace
}  // namespace soakwatch
