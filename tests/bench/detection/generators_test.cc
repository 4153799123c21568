// The benchmark is only as good as its truth: the samples must be the same everywhere, and leak
// where the label says so.
#include "tests/bench/detection/generators.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "tests/bench/detection/engine.h"
#include "tests/bench/detection/evaluation.h"
#include "tests/bench/detection/gates.h"
#include "tests/bench/detection/go_heap.h"
#include "tests/bench/detection/report.h"

namespace soakwatch::bench {
namespace {

using namespace std::chrono_literals;

const Family& family(std::string_view name) {
  for (const Family& one : all_families()) {
    if (one.name == name) return one;
  }
  throw std::invalid_argument(std::string(name));
}

TEST(Random, IsSplitMix64) {
  Random random(42);
  EXPECT_EQ(random.next(), 13679457532755275413ULL);
  EXPECT_EQ(random.next(), 2949826092126892291ULL);
}

TEST(Generators, TheSameSeedGivesTheSameSamples) {
  for (const Family& one : all_families()) {
    const Series a = generate(one, 7);
    const Series b = generate(one, 7);
    ASSERT_EQ(a.samples.size(), b.samples.size()) << one.name;
    for (std::size_t i = 0; i < a.samples.size(); ++i) {
      ASSERT_EQ(a.samples[i].values, b.samples[i].values) << one.name << " sample " << i;
    }
    const Series other = generate(one, 8);
    EXPECT_FALSE(a.samples.size() == other.samples.size() &&
                 a.samples[100].values == other.samples[100].values)
        << one.name;
  }
}

TEST(Generators, TimeRisesAndEverySampleIsAsItsSeriesSays) {
  for (const Family& one : all_families()) {
    const Series series = generate(one, 3);
    ASSERT_FALSE(series.samples.empty()) << one.name;
    for (std::size_t i = 1; i < series.samples.size(); ++i) {
      ASSERT_GT(series.samples[i].monotonic, series.samples[i - 1].monotonic) << one.name;
    }
    EXPECT_LE(series.samples.back().monotonic, series.duration) << one.name;
    EXPECT_TRUE(series.samples.front().values.has(series.watched)) << one.name;
    EXPECT_GT(series.limit, 0) << one.name;
  }
}

// The mean of the hour before the onset and of the last hour, of what leaks. Not where a Go heap
// stands between it and the samples.
TEST(Generators, ALeakTakesWhatItsLabelSays) {
  for (const std::string_view name : {"fast", "medium", "slow", "batches", "busy"}) {
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
      const Series series = generate(family(name), seed);
      ASSERT_TRUE(series.truth.onset);
      if (series.signal == Signal::kLiveHeap) continue;
      double before = 0;
      double n_before = 0;
      double last = 0;
      double n_last = 0;
      for (const Sample& sample : series.samples) {
        const double value = *sample.values.get(series.watched);
        if (sample.monotonic < *series.truth.onset) before += value, ++n_before;
        if (sample.monotonic >= series.duration - 10min) last += value, ++n_last;
      }
      const double taken = last / n_last / (before / n_before) - 1;
      EXPECT_NEAR(taken, series.truth.taken_ratio, 0.2 * series.truth.taken_ratio + 0.15)
          << name << " seed " << seed;
    }
  }
}

TEST(Generators, WithoutALeakThereIsNoOnset) {
  int leaks = 0;
  for (const Family& one : all_families()) {
    EXPECT_EQ(generate(one, 1).truth.onset.has_value(), one.leaks) << one.name;
    leaks += one.leaks ? 1 : 0;
  }
  EXPECT_EQ(leaks, 10);
}

TEST(Generators, RestartsAndGapsAreThere) {
  const Series series = generate(family("restarts"), 2);
  EXPECT_GT(series.samples.back().instance, 1);
}

TEST(GoHeap, FallsToWhatLivesAtACollectionAndRisesBetween) {
  Random random(1);
  GoHeapOptions options;
  options.alloc_bytes_per_second = 1e6;
  GoHeap heap(options, [](double) { return 50e6; });
  EXPECT_DOUBLE_EQ(heap.heap_alloc(), 50e6);
  EXPECT_DOUBLE_EQ(heap.next_gc(), 50e6 + 53e6);  // GOGC=100: live, stacks and globals again
  heap.advance(0.01, 30, 1, random);
  EXPECT_DOUBLE_EQ(heap.heap_alloc(), 80e6);
  heap.advance(0.02, 30, 1, random);  // at 53 s the goal is reached
  EXPECT_DOUBLE_EQ(heap.heap_alloc(), 57e6);
  EXPECT_DOUBLE_EQ(heap.cycles(), 2);
}

TEST(GoHeap, IsCollectedEveryTwoMinutesUnlessGogcIsOff) {
  for (const bool off : {false, true}) {
    Random random(1);
    GoHeapOptions options;
    options.alloc_bytes_per_second = 1e3;
    options.gogc_off = off;
    GoHeap heap(options, [](double) { return 50e6; });
    for (int i = 1; i <= 60; ++i) heap.advance(i / 360.0, 10, 1, random);
    EXPECT_DOUBLE_EQ(heap.cycles(), off ? 1 : 5);
  }
}

class Scripted : public Judge {
 public:
  bool observe(const Sample& sample) override {
    const auto hour = std::chrono::duration_cast<std::chrono::hours>(sample.monotonic).count();
    return hour == 1 || hour == 3;
  }
};

TEST(Play, AnAlarmBeforeTheOnsetIsFalseAndTheFirstAfterItCounts) {
  Series series;
  series.duration = 6h;
  for (int minute = 0; minute < 360; ++minute) {
    series.samples.push_back({1, from_unix_ms(0), std::chrono::minutes(minute), {}});
  }
  const JudgeKind kind{"scripted", [](const Series&) -> std::unique_ptr<Judge> {
                         return std::make_unique<Scripted>();
                       }};
  EXPECT_EQ(play(series, kind).false_alarms, 2);
  series.truth = {milliseconds(150min), 0.5, 1.75};
  const Outcome outcome = play(series, kind);
  EXPECT_EQ(outcome.false_alarms, 1);
  EXPECT_DOUBLE_EQ(outcome.days, 2.5 / 24);
  EXPECT_TRUE(outcome.counts);
  ASSERT_TRUE(outcome.delay_minutes);
  EXPECT_DOUBLE_EQ(*outcome.delay_minutes, 30);
}

TEST(Limits, AreBrokenBySmallerOrGreaterFiguresAndByNonsense) {
  const std::map<std::string, Estimate> measures{{"recall.fast", {0.9, 0.8, 1}},
                                                 {"delay", {std::nan(""), 0, 0}}};
  EXPECT_TRUE(broken_limits("# all\nrecall.fast >= 0.9  # good\n\n", measures)->empty());
  EXPECT_EQ(broken_limits("recall.fast >= 0.91\nrecall.fast <= 0.8\n", measures)->size(), 2U);
  EXPECT_EQ(broken_limits("delay <= 9\n", measures)->size(), 1U);  // nothing was found
  EXPECT_FALSE(broken_limits("recall.slow >= 0.9\n", measures));
  EXPECT_FALSE(broken_limits("recall.fast > 0.9\n", measures));
}

TEST(Statistics, CountOverSeriesAndWeighByPrevalence) {
  const Outcomes clean{{1, 0, false, false, {}}, {1, 3, false, false, {}}};
  const Outcomes leaks{{0.1, 0, true, true, 10.0}, {0.1, 0, true, true, {}}};
  EXPECT_DOUBLE_EQ(false_per_1000_days(clean), 1500);
  EXPECT_DOUBLE_EQ(runs_with_false_alarm(clean), 0.5);
  EXPECT_DOUBLE_EQ(recall(leaks), 0.5);
  // Of 1000 runs 50 leak and 25 of them are found; 475 others alarm.
  EXPECT_DOUBLE_EQ(precision(leaks, {clean}, 0).value, 25.0 / 500);
}

TEST(Gates, AreToldForEachJudgement) {
  constexpr double kMib = 1024.0 * 1024;
  std::stringstream csv;
  csv << "hours,bytes\n";
  for (int i = 0; i < 4 * 360; ++i) csv << i / 360.0 << ',' << 100 * kMib * (1 + i / 360.0) << '\n';
  const std::string gates = gates_of(csv, default_detection());
  EXPECT_THAT(gates, ::testing::HasSubstr(R"("name":"cold_start","passed":false)"));
  EXPECT_THAT(gates, ::testing::HasSubstr(R"("name":"certainty","passed":true)"));
  EXPECT_THAT(gates, ::testing::HasSubstr(R"("grows":true)"));
}

}  // namespace
}  // namespace soakwatch::bench
