#include "evidence/probe.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <utility>

namespace soakwatch {
namespace {

using Weights = std::initializer_list<std::pair<const char*, double>>;

Breakdown breakdown(CaptureKind kind, Weights weights) {
  Breakdown result;
  result.kind = kind;
  for (const auto& [name, weight] : weights) {
    Group group;
    group.key = group.name = name;
    (weight_unit(kind) == Unit::kBytes ? group.bytes : group.count) = weight;
    result.groups.push_back(group);
  }
  return result;
}

// Looks a minute apart.
Evidence after(CaptureKind kind, std::initializer_list<Weights> looks) {
  Probe probe(kind);
  std::int64_t minute = 0;
  for (const Weights& look : looks) {
    probe.look(breakdown(kind, look), WallTime(milliseconds(60000 * ++minute)));
  }
  return probe.evidence();
}

TEST(Probe, ConfirmsAStackThatGrowsAgainAndAgain) {
  const auto evidence = after(
      CaptureKind::kGoroutine,
      {{{"leak", 10}, {"pool", 8}}, {{"leak", 30}, {"pool", 9}}, {{"leak", 55}, {"pool", 8}}});
  EXPECT_TRUE(evidence.confirmed) << evidence.statement;
  ASSERT_FALSE(evidence.culprits.empty());
  EXPECT_EQ(evidence.culprits[0].name, "leak");
  EXPECT_EQ(evidence.culprits[0].before, 10);
  EXPECT_EQ(evidence.culprits[0].now, 55);
}

TEST(Probe, DoesNotConfirmAStackThatFallsMeanwhile) {
  const auto evidence =
      after(CaptureKind::kGoroutine, {{{"burst", 10}}, {{"burst", 60}}, {{"burst", 40}}});
  EXPECT_FALSE(evidence.confirmed) << evidence.statement;
}

TEST(Probe, DoesNotConfirmGrowthThatIsSpreadOut) {
  const auto evidence = after(CaptureKind::kFds, {{{"a", 1}, {"b", 1}, {"c", 1}},
                                                  {{"a", 9}, {"b", 9}, {"c", 9}},
                                                  {{"a", 19}, {"b", 19}, {"c", 19}}});
  EXPECT_FALSE(evidence.confirmed) << evidence.statement;
  EXPECT_NE(evidence.statement.find("spread out"), std::string::npos);
}

TEST(Probe, WantsTwoDifferences) {
  const auto evidence = after(CaptureKind::kGoroutine, {{{"leak", 10}}, {{"leak", 90}}});
  EXPECT_FALSE(evidence.confirmed);
  ASSERT_FALSE(evidence.culprits.empty());
  EXPECT_NE(evidence.statement.find("a later look"), std::string::npos);
}

TEST(Probe, ConfirmsMemoryOfThreeSitesThatGrowsSteadily) {
  const auto evidence =
      after(CaptureKind::kHeap, {{{"a", 1e6}, {"b", 1e6}, {"c", 1e6}, {"d", 1e6}},
                                 {{"a", 5e6}, {"b", 4e6}, {"c", 3e6}, {"d", 2e6}},
                                 {{"a", 9e6}, {"b", 7e6}, {"c", 5e6}, {"d", 3e6}}});
  EXPECT_TRUE(evidence.confirmed) << evidence.statement;
  EXPECT_EQ(evidence.culprits[0].unit, Unit::kBytes);
}

TEST(Probe, DoesNotConfirmMemoryWhoseGrowthSlowsDown) {
  const auto evidence =
      after(CaptureKind::kHeap, {{{"cache", 1e6}}, {{"cache", 9e6}}, {{"cache", 11e6}}});
  EXPECT_FALSE(evidence.confirmed);
  EXPECT_NE(evidence.statement.find("slows down"), std::string::npos);
}

TEST(Probe, LeavesGosHeapToTheHeapProfile) {
  const auto evidence =
      after(CaptureKind::kMappings, {{{"Go heap", 1e6}}, {{"Go heap", 5e6}}, {{"Go heap", 9e6}}});
  EXPECT_FALSE(evidence.confirmed);
  const auto native =
      after(CaptureKind::kMappings, {{{"[heap]", 1e6}}, {{"[heap]", 5e6}}, {{"[heap]", 9e6}}});
  EXPECT_TRUE(native.confirmed) << native.statement;
}

TEST(Probe, NamesTheHeaviestWithoutAnEarlierCapture) {
  const auto evidence = after(CaptureKind::kGoroutine, {{{"leak", 500}, {"pool", 8}}});
  EXPECT_FALSE(evidence.confirmed);
  ASSERT_FALSE(evidence.culprits.empty());
  EXPECT_EQ(evidence.culprits[0].name, "leak");
  EXPECT_NE(evidence.statement.find("no earlier capture"), std::string::npos);
}

TEST(Probe, KeepsTheFirstOfManyLooks) {
  Probe probe(CaptureKind::kGoroutine);
  for (int i = 1; i <= 20; ++i) {
    probe.look(breakdown(CaptureKind::kGoroutine, {{"leak", 10.0 * i}}),
               WallTime(milliseconds(60000 * i)));
  }
  EXPECT_EQ(probe.looks(), 20);
  const auto evidence = probe.evidence();
  EXPECT_TRUE(evidence.confirmed);
  EXPECT_EQ(evidence.culprits[0].before, 10);
  EXPECT_EQ(evidence.culprits[0].now, 200);
}

TEST(Probe, SaysThatNothingGrew) {
  const auto evidence = after(CaptureKind::kFds, {{{"a", 4}}, {{"a", 4}}, {{"a", 3}}});
  EXPECT_FALSE(evidence.confirmed);
  EXPECT_TRUE(evidence.culprits.empty());
}

TEST(KindThatTells, IsKnownForEachDetectorOfGrowth) {
  for (const char* detector : {"goroutine_growth", "thread_growth", "live_heap_growth", "fd_growth",
                               "anon_memory_growth", "native_memory_growth"}) {
    EXPECT_TRUE(kind_that_tells(detector)) << detector;
  }
  EXPECT_FALSE(kind_that_tells("no_such_detector"));
}

}  // namespace
}  // namespace soakwatch
