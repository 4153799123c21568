#include "detectors/block_minima.h"

#include <gtest/gtest.h>

#include <cmath>

namespace soakwatch {
namespace {

using namespace std::chrono_literals;

const WallTime kStart = from_unix_ms(1795164000000);
const double kNone = std::nan("");

TEST(BlockMinima, KeepsTheMinimumOfEachBlockAndMergesPairs) {
  BlockMinima minima({60s, 3, 24});
  std::uint32_t closed = 0;
  for (int i = 0; i <= 24; ++i) closed |= minima.add(i * 10s, kStart + i * 10s, 100 - i, kNone);
  EXPECT_EQ(closed, 0b111U);  // four blocks of a minute, two of two, one of four
  ASSERT_EQ(minima.blocks(0).size(), 4U);
  EXPECT_EQ(minima.blocks(0)[0].minimum, 95);
  EXPECT_EQ(minima.blocks(0)[3].minimum, 77);
  EXPECT_EQ(minima.blocks(0)[1].start, kStart + 60s);
  EXPECT_EQ(minima.blocks(1)[0].minimum, 89);
  EXPECT_EQ(minima.blocks(2)[0].minimum, 77);
  EXPECT_EQ(minima.block_length(2), 240s);
}

TEST(BlockMinima, ABlockWithABigHoleIsMissing) {
  BlockMinima minima({60s, 2, 24});
  for (const auto t : {0s, 10s, 20s, 55s, 61s, 119s, 125s}) minima.add(t, kStart + t, 5, kNone);
  ASSERT_EQ(minima.blocks(0).size(), 2U);
  EXPECT_FALSE(minima.blocks(0)[0].present && minima.blocks(0)[1].present);
  EXPECT_TRUE(minima.blocks(1)[0].present == minima.blocks(0)[0].present);
}

TEST(BlockMinima, AHoleOfManyBlocksLeavesThemMissing) {
  BlockMinima minima({60s, 2, 24});
  for (int i = 0; i < 7; ++i) minima.add(i * 10s, kStart, 1, kNone);
  minima.add(300s, kStart + 300s, 1, kNone);
  ASSERT_EQ(minima.blocks(0).size(), 5U);
  EXPECT_TRUE(minima.blocks(0)[0].present);
  for (std::size_t i = 1; i < 5; ++i) EXPECT_FALSE(minima.blocks(0)[i].present) << i;
}

TEST(BlockMinima, AfterAVeryLongHoleItStartsAfresh) {
  BlockMinima minima({60s, 2, 24});
  for (int i = 0; i < 13; ++i) minima.add(i * 10s, kStart, 1, kNone);
  EXPECT_EQ(minima.blocks(0).size(), 2U);
  minima.add(1000h, kStart + 1000h, 1, kNone);
  EXPECT_TRUE(minima.blocks(0).empty());
}

TEST(BlockMinima, RemembersTheHighestBlockThatLeft) {
  BlockMinima minima({60s, 1, 4});
  for (int i = 0; i < 60; ++i) minima.add(i * 10s, kStart, i < 6 ? 50 : 10, kNone);
  EXPECT_EQ(minima.high_water(0), 50);
  EXPECT_EQ(minima.blocks(0).size(), 4U);
}

TEST(BlockMinima, ATimeThatStepsBackIsIgnored) {
  BlockMinima minima({60s, 1, 4});
  minima.add(100s, kStart, 7, kNone);
  EXPECT_EQ(minima.add(40s, kStart, 1, kNone), 0U);
  for (int i = 11; i < 17; ++i) minima.add(i * 10s, kStart, 7, kNone);
  ASSERT_EQ(minima.blocks(0).size(), 1U);
  EXPECT_EQ(minima.blocks(0)[0].minimum, 7);
}

}  // namespace
}  // namespace soakwatch
