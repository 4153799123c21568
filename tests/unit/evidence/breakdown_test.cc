#include "evidence/breakdown.h"

#include <gtest/gtest.h>

namespace soakwatch {
namespace {

Group group(const std::string& key, double count, double bytes = 0) {
  Group result;
  result.key = result.name = key;
  result.count = count;
  result.bytes = bytes;
  return result;
}

Breakdown goroutines(std::vector<Group> groups) {
  return {CaptureKind::kGoroutine, std::move(groups), 0, 0};
}

TEST(WhatGrew, OrdersByGrowthAndSharesOutWhatWasGained) {
  const auto before = goroutines({group("a", 10), group("b", 5), group("c", 7)});
  const auto after = goroutines({group("a", 40), group("b", 15), group("c", 7), group("d", 0)});
  const auto growth = what_grew(before, after);
  ASSERT_EQ(growth.size(), 2U);
  EXPECT_EQ(growth[0].after.key, "a");
  EXPECT_EQ(growth[0].before, 10);
  EXPECT_EQ(growth[0].now, 40);
  EXPECT_DOUBLE_EQ(growth[0].share, 0.75);
  EXPECT_DOUBLE_EQ(growth[1].share, 0.25);
}

TEST(WhatGrew, KnowsNewGroupsAndThoseThatAreGone) {
  const auto growth = what_grew(goroutines({group("gone", 9)}), goroutines({group("new", 3)}));
  ASSERT_EQ(growth.size(), 2U);
  EXPECT_EQ(growth[0].after.key, "new");
  EXPECT_EQ(growth[0].before, 0);
  EXPECT_DOUBLE_EQ(growth[0].share, 1);
  EXPECT_EQ(growth[1].after.key, "gone");
  EXPECT_EQ(growth[1].count, -9);
  EXPECT_EQ(growth[1].now, 0);
  EXPECT_EQ(growth[1].share, 0);
}

TEST(WhatGrew, WeighsMemoryByItsBytes) {
  Breakdown before{
      CaptureKind::kHeap, {group("many small", 10, 100), group("few large", 1, 100)}, 0, 0};
  Breakdown after{
      CaptureKind::kHeap, {group("many small", 20, 200), group("few large", 2, 1100)}, 0, 0};
  const auto growth = what_grew(before, after);
  ASSERT_EQ(growth.size(), 2U);
  EXPECT_EQ(growth[0].after.key, "few large");
  EXPECT_EQ(growth[0].bytes, 1000);
}

TEST(WhatGrew, IsEmptyWhereNothingChanged) {
  EXPECT_TRUE(what_grew(goroutines({group("a", 1)}), goroutines({group("a", 1)})).empty());
}

TEST(Culprits, AreThoseThatGrewAndNoMoreThanAskedFor) {
  const auto growth = what_grew(goroutines({group("gone", 9)}),
                                goroutines({group("a", 3), group("b", 2), group("c", 1)}));
  const auto culprits = culprits_of(CaptureKind::kGoroutine, growth, 2);
  ASSERT_EQ(culprits.size(), 2U);
  EXPECT_EQ(culprits[0].name, "a");
  EXPECT_EQ(culprits[0].unit, Unit::kCount);
  EXPECT_DOUBLE_EQ(culprits[0].share, 0.5);
  EXPECT_EQ(culprits_of(CaptureKind::kGoroutine, growth, 9).size(), 3U);
}

}  // namespace
}  // namespace soakwatch
