// What several signals say together: each pattern with its counterpart.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

#include "detectors/process_judge.h"

namespace soakwatch {
namespace {

using namespace std::chrono_literals;

constexpr double kMiB = 1024.0 * 1024;
const WallTime kStart = from_unix_ms(1795164000000);

DetectionOptions options() {
  DetectionOptions o;
  o.blocks = {60s, 6, 24};
  o.warm_up = 0s;
  o.cold_start_span = 0s;
  o.signals = {{Signal::kGoroutines, 50, 0.2, 10s},
               {Signal::kLiveHeap, 32 * kMiB, 0.1, 10s},
               {Signal::kOpenFds, 32, 0.2, 10s},
               {Signal::kAnonMemory, 64 * kMiB, 0.1, 10s},
               {Signal::kNativeMemory, 64 * kMiB, 0.1, 10s},
               {Signal::kThreads, 16, 0.25, 10s}};
  return o;
}

// A Go process at one hour of its life; a test changes what it is about.
struct GoProcess {
  double goroutines = 40;
  double fds = 20;
  double threads = 12;
  double live = 60 * kMiB;
  double stacks = 2 * kMiB;
  double idle = 10 * kMiB;    // not returned
  double unused = 3 * kMiB;   // between objects
  double native = 15 * kMiB;  // outside the Go heap
  double lazy_free = 0;
  double huge = 0;
};

MetricValues values_of(const GoProcess& p, double h) {
  const double tooth = h * 50 - std::floor(h * 50);
  const double alloc = p.live * (1 + 0.9 * tooth);
  const double released = 40 * kMiB;
  const double inuse = 1.9 * p.live + p.unused;
  const double go = inuse + p.idle + p.stacks + 5 * kMiB;
  MetricValues v;
  v.set(Metric::kGoroutines, std::floor(p.goroutines));
  v.set(Metric::kOpenFds, std::floor(p.fds));
  v.set(Metric::kThreads, std::floor(p.threads));
  v.set(Metric::kHeapAllocBytes, alloc);
  v.set(Metric::kNextGcBytes, 2 * p.live + p.stacks);
  v.set(Metric::kHeapInuseBytes, alloc + p.unused);
  v.set(Metric::kHeapIdleBytes, p.idle + released);
  v.set(Metric::kHeapReleasedBytes, released);
  v.set(Metric::kStackInuseBytes, p.stacks);
  v.set(Metric::kSysBytes, go + released);
  v.set(Metric::kRssAnonBytes, go + p.native + p.lazy_free);
  v.set(Metric::kLazyFreeBytes, p.lazy_free);
  v.set(Metric::kAnonHugeBytes, p.huge);
  return v;
}

struct Outcome {
  std::map<std::string, Finding> held;  // at the end
  std::vector<Observation> observations;
};

template <class Fill>
Outcome run(Fill fill, double hours = 3, const ProcessInfo& process = {}) {
  ProcessJudge judge(options(), process);
  Outcome outcome;
  for (int i = 0; i < hours * 360; ++i) {
    const double h = i / 360.0;
    const Sample sample{1, kStart + i * 10s, i * 10s, fill(h)};
    for (const Judgement& judgement : judge.observe(sample)) {
      outcome.held.erase(judgement.detector);
      if (judgement.finding) outcome.held.emplace(judgement.detector, *judgement.finding);
    }
    for (auto& seen : judge.take_observations()) outcome.observations.push_back(std::move(seen));
  }
  return outcome;
}

template <class Change>
Outcome go_run(Change change, const ProcessInfo& process = {}) {
  return run(
      [&](double h) {
        GoProcess p;
        change(p, h);
        return values_of(p, h);
      },
      3, process);
}

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Fusion, AHealthyProcessHasNothingToExplain) {
  const Outcome o = go_run([](GoProcess&, double) {});
  EXPECT_TRUE(o.held.empty());
  EXPECT_TRUE(o.observations.empty());
}

// A leak at the pace of a load that is never the same.
double leaked(double h) { return h + 0.04 * std::sin(13 * h) + 0.02 * std::sin(31 * h); }

TEST(Fusion, GoroutinesAreTheRootOfTheHeapThatTheyHold) {
  const Outcome o = go_run([](GoProcess& p, double h) {
    p.goroutines += 2000 * leaked(h);
    p.stacks += 2000 * leaked(h) * 2048;
    p.live += 2000 * leaked(h) * 40 * 1024;
  });
  ASSERT_TRUE(o.held.contains("goroutine_growth"));
  ASSERT_TRUE(o.held.contains("live_heap_growth"));
  EXPECT_EQ(o.held.at("goroutine_growth").root, "");
  EXPECT_EQ(o.held.at("live_heap_growth").root, "goroutine_growth");
  ASSERT_TRUE(o.held.contains("anon_memory_growth"));
  EXPECT_EQ(o.held.at("anon_memory_growth").root, "goroutine_growth");
}

TEST(Fusion, TwoSteadyLeaksAreTwoForTheirLinesProveNothing) {
  const Outcome o = go_run([](GoProcess& p, double h) {
    p.goroutines += 2000 * leaked(h);
    p.live += 80 * kMiB * h;
    p.fds += 200 * h;
  });
  EXPECT_EQ(o.held.at("live_heap_growth").root, "");
  EXPECT_TRUE(says(o.held.at("live_heap_growth").cause, "may hold"));
  EXPECT_EQ(o.held.at("fd_growth").root, "");
}

TEST(Fusion, AHeapThatGrowsByItselfIsItsOwnRoot) {
  const Outcome o = go_run([](GoProcess& p, double h) { p.live += 80 * kMiB * h; });
  ASSERT_TRUE(o.held.contains("live_heap_growth"));
  const Finding& heap = o.held.at("live_heap_growth");
  EXPECT_EQ(heap.root, "");
  EXPECT_TRUE(says(heap.cause, "Go heap keeps"));
  ASSERT_EQ(heap.ruled_out.size(), 1U);
  EXPECT_TRUE(says(heap.ruled_out[0], "goroutines: +0"));
  EXPECT_EQ(o.held.at("anon_memory_growth").root, "live_heap_growth");
}

TEST(Fusion, IdleHeapIsNoLeak) {
  const Outcome o = go_run([](GoProcess& p, double h) { p.idle += 100 * kMiB * h; });
  EXPECT_TRUE(o.held.empty());
  ASSERT_EQ(o.observations.size(), 1U);  // and it is said once
  EXPECT_EQ(o.observations[0].kind, Observation::Kind::kNoLeak);
  EXPECT_EQ(o.observations[0].metric, Metric::kRssAnonBytes);
  EXPECT_TRUE(says(o.observations[0].summary, "not yet returned"));
}

TEST(Fusion, WhatWasAcquittedStaysSoWhenItLevelsOff) {
  const auto idle = [](double more) {
    return go_run([more](GoProcess& p, double h) {
      p.idle += 200 * kMiB * std::min(h, 1.2);
      p.live += h > 2 ? more * kMiB * (h - 2) : 0;
    });
  };
  const Outcome o = idle(0);
  EXPECT_TRUE(o.held.empty());
  EXPECT_EQ(o.observations.size(), 1U);
  EXPECT_TRUE(idle(200).held.contains("live_heap_growth"));
}

TEST(Fusion, LazilyFreedPagesAreNoLeakAndFragmentationIsNone) {
  const Outcome lazy = go_run([](GoProcess& p, double h) { p.lazy_free += 100 * kMiB * h; });
  EXPECT_TRUE(lazy.held.empty());
  ASSERT_FALSE(lazy.observations.empty());
  EXPECT_TRUE(says(lazy.observations[0].summary, "LazyFree"));
  const Outcome torn = go_run([](GoProcess& p, double h) { p.unused += 100 * kMiB * h; });
  EXPECT_TRUE(torn.held.empty());
  ASSERT_EQ(torn.observations.size(), 1U);
  EXPECT_TRUE(says(torn.observations[0].summary, "fragmentation"));
}

TEST(Fusion, MemoryOutsideTheGoHeapIsNamed) {
  const Outcome o = go_run([](GoProcess& p, double h) { p.native += 100 * kMiB * h; });
  ASSERT_TRUE(o.held.contains("native_memory_growth"));
  EXPECT_TRUE(says(o.held.at("native_memory_growth").cause, "outside the Go heap"));
  EXPECT_EQ(o.held.at("native_memory_growth").grade, Grade::kAlert);
  EXPECT_EQ(o.held.at("anon_memory_growth").root, "native_memory_growth");
}

TEST(Fusion, HugePagesLeaveItASuspicion) {
  const Outcome o = go_run([](GoProcess& p, double h) {
    p.native += 100 * kMiB * h;
    p.huge += 100 * kMiB * h;
  });
  ASSERT_TRUE(o.held.contains("native_memory_growth"));
  EXPECT_EQ(o.held.at("native_memory_growth").grade, Grade::kSuspect);
  EXPECT_TRUE(says(o.held.at("native_memory_growth").cause, "huge pages"));
}

TEST(Fusion, DescriptorsThatComeWithGoroutinesAreTheirChildren) {
  const Outcome both = go_run([](GoProcess& p, double h) {
    p.goroutines += 400 * leaked(h);
    p.fds += 200 * leaked(h);
  });
  EXPECT_EQ(both.held.at("fd_growth").root, "goroutine_growth");
  EXPECT_TRUE(says(both.held.at("goroutine_growth").cause, "not closed"));
  const Outcome alone = go_run([](GoProcess& p, double h) { p.fds += 200 * h; });
  EXPECT_EQ(alone.held.at("fd_growth").root, "");
  EXPECT_TRUE(says(alone.held.at("fd_growth").cause, "not closed"));
}

TEST(Fusion, ThreadsThatComeWithGoroutinesAreBlockedCalls) {
  const Outcome o = go_run([](GoProcess& p, double h) {
    p.goroutines += 120 * leaked(h);
    p.threads += 120 * leaked(h);
  });
  EXPECT_EQ(o.held.at("thread_growth").root, "goroutine_growth");
  EXPECT_TRUE(says(o.held.at("goroutine_growth").cause, "do not return"));
}

TEST(Fusion, ThreadsOfOneBurstAreNone) {
  const Outcome o = go_run([](GoProcess& p, double h) {
    if (h > 1) p.threads += 60;
  });
  EXPECT_FALSE(o.held.contains("thread_growth"));
}

TEST(Fusion, AProcessWithoutGoIsJudgedByItsMemory) {
  const Outcome o = run([](double h) {
    MetricValues v;
    v.set(Metric::kRssAnonBytes, (80 + 200 * h) * kMiB);
    return v;
  });
  ASSERT_TRUE(o.held.contains("anon_memory_growth"));
  EXPECT_EQ(o.held.at("anon_memory_growth").grade, Grade::kAlert);
}

TEST(Fusion, OldLogsWithResidentMemoryAloneAreJudged) {
  const Outcome o = run([](double h) {
    MetricValues v;
    v.set(Metric::kRssBytes, (80 + 200 * h) * kMiB);
    return v;
  });
  ASSERT_TRUE(o.held.contains("anon_memory_growth"));
  EXPECT_EQ(o.held.at("anon_memory_growth").metric, Metric::kRssBytes);
}

// Five hours of growth, then rest, with the noise that memory has.
TEST(Fusion, NoiseAtRestAcquitsNothingThatGrew) {
  ProcessJudge judge(options(), {});
  int absent = 0;
  bool found = false;
  bool rests = false;
  for (int i = 0; i < 8 * 360; ++i) {
    const double h = i / 360.0;
    GoProcess p;
    p.native += 100 * kMiB * std::min(h, 2.0);
    p.idle += 4 * kMiB * std::sin(h * 5);
    for (const Judgement& judgement :
         judge.observe({1, kStart + i * 10s, i * 10s, values_of(p, h)})) {
      if (judgement.detector != "anon_memory_growth") continue;
      found = found || judgement.finding;
      rests = rests || (judgement.finding && judgement.finding->phase == Phase::kPlateau);
      if (found && !judgement.finding) ++absent;
    }
  }
  EXPECT_TRUE(rests);
  EXPECT_EQ(absent, 0);
  for (const Observation& o : judge.take_observations())
    EXPECT_NE(o.kind, Observation::Kind::kNoLeak) << o.summary;
}

// The heap was last read when it had just given memory back; what grows since then is not that.
TEST(Fusion, FiguresThatAreNoLongerReadAcquitNothing) {
  const Outcome o = run(
      [](double h) {
        GoProcess p;
        p.idle += 100 * kMiB * std::min(h, 1.0);
        p.native += 100 * kMiB * std::max(0.0, h - 1.2);
        const MetricValues all = values_of(p, h);
        if (h < 1) return all;
        MetricValues v;
        v.set(Metric::kRssAnonBytes, *all.get(Metric::kRssAnonBytes));
        return v;
      },
      5);
  EXPECT_TRUE(o.held.contains("anon_memory_growth"));
}

// Heap figures that cost much come once in five minutes, memory every ten seconds.
TEST(Fusion, SparseHeapFiguresExplainAsWell) {
  DetectionOptions sparse = options();
  for (SignalOptions& signal : sparse.signals) {
    if (signal.signal == Signal::kLiveHeap || signal.signal == Signal::kNativeMemory)
      signal.interval = 100s;
  }
  ProcessJudge judge(sparse, {});
  std::map<std::string, Finding> held;
  for (int i = 0; i < 8 * 360; ++i) {
    const double h = i / 360.0;
    GoProcess p;
    p.native += 100 * kMiB * h;
    const MetricValues all = values_of(p, h);
    MetricValues v;
    v.set(Metric::kRssAnonBytes, *all.get(Metric::kRssAnonBytes));
    if (i % 10 == 0) v = all;
    for (const Judgement& judgement : judge.observe({1, kStart + i * 10s, i * 10s, v})) {
      held.erase(judgement.detector);
      if (judgement.finding) held.emplace(judgement.detector, *judgement.finding);
    }
  }
  ASSERT_TRUE(held.contains("anon_memory_growth"));
  EXPECT_EQ(held.at("anon_memory_growth").grade, Grade::kAlert)
      << held.at("anon_memory_growth").cause;
}

TEST(Fusion, AStepIsObservedOnce) {
  const Outcome o = go_run([](GoProcess& p, double h) { p.fds += h > 1 ? 300 : 0; });
  EXPECT_TRUE(o.held.empty());
  ASSERT_EQ(o.observations.size(), 1U);
  EXPECT_EQ(o.observations[0].kind, Observation::Kind::kStep);
  EXPECT_TRUE(says(o.observations[0].summary, "from 20 to 320"));
}

TEST(Fusion, TheLimitGivesTheSeverity) {
  ProcessInfo process;
  const auto leak = [](GoProcess& p, double h) { p.fds += 200 * h; };
  const auto severity = [&](double limit) {
    process.limits.open_files = limit;
    const Finding f = go_run(leak, process).held.at("fd_growth");
    EXPECT_TRUE(f.limit);
    return f.severity;
  };
  EXPECT_EQ(severity(800), Severity::kCritical);  // an hour from the end
  EXPECT_EQ(severity(3000), Severity::kWarning);
  EXPECT_EQ(severity(1e6), Severity::kInfo);
  EXPECT_EQ(go_run(leak).held.at("fd_growth").severity, Severity::kWarning);
}

TEST(Sensitivity, SaysWhatCouldHaveBeenFound) {
  ProcessJudge judge(options(), {});
  for (int i = 0; i < 3 * 360; ++i) {
    GoProcess p;
    p.fds += (i * 7919) % 5;
    judge.observe({1, kStart + i * 10s, i * 10s, values_of(p, i / 360.0)});
  }
  const auto all = judge.sensitivity();
  ASSERT_EQ(all.size(), 6U);
  for (const Sensitivity& s : all) {
    EXPECT_TRUE(s.slope_per_hour) << s.detector;
    EXPECT_GT(s.slope_per_hour.value_or(0), 0) << s.detector;
    EXPECT_GE(s.span, 1h);
  }
  EXPECT_TRUE(ProcessJudge(options(), {}).sensitivity().empty());
}

}  // namespace
}  // namespace soakwatch
