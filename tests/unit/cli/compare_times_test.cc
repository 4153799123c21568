#include <gtest/gtest.h>

#include "cli/compare/stored_pairs.h"

namespace soakwatch {
namespace {

using namespace std::chrono_literals;

Capture capture(CaptureId id, CaptureKind kind, std::chrono::hours time) {
  Capture one;
  one.id = id;
  one.kind = kind;
  one.time = WallTime(time);
  return one;
}

std::vector<Capture> stored() {
  return {capture(1, CaptureKind::kHeap, 10h), capture(2, CaptureKind::kFds, 11h),
          capture(3, CaptureKind::kHeap, 12h), capture(4, CaptureKind::kHeap, 14h),
          capture(5, CaptureKind::kFds, 15h)};
}

CaptureId id_of(const std::vector<Capture>& captures, CaptureKind kind) {
  for (const Capture& one : captures) {
    if (one.kind == kind) return one.id;
  }
  return 0;
}

TEST(NearestCaptures, TheNewestBeforeElseTheOldestAfter) {
  std::vector<Capture> captures = stored();
  for (int order = 0; order < 2; ++order) {
    EXPECT_EQ(id_of(nearest_captures(captures, WallTime(13h)), CaptureKind::kHeap), 3);
    EXPECT_EQ(id_of(nearest_captures(captures, WallTime(12h)), CaptureKind::kHeap), 3);
    EXPECT_EQ(id_of(nearest_captures(captures, WallTime(9h)), CaptureKind::kHeap), 1);
    EXPECT_EQ(id_of(nearest_captures(captures, WallTime(10h + 30min)), CaptureKind::kFds), 2);
    EXPECT_EQ(id_of(nearest_captures(captures, WallTime(99h)), CaptureKind::kFds), 5);
    std::reverse(captures.begin(), captures.end());
  }
  EXPECT_EQ(nearest_captures(captures, WallTime(13h)).size(), 2U);
  EXPECT_TRUE(nearest_captures({}, WallTime(13h)).empty());
}

TEST(FirstCaptures, TheOldestOfEachKind) {
  const auto first = first_captures(stored());
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(id_of(first, CaptureKind::kHeap), 1);
  EXPECT_EQ(id_of(first, CaptureKind::kFds), 2);
}

TEST(PairsOf, SaysWhatHasNoOtherSide) {
  const StoredSide a{"/nowhere.db", {capture(1, CaptureKind::kHeap, 1h)}};
  const StoredSide b{"/nowhere.db",
                     {capture(1, CaptureKind::kHeap, 1h), capture(2, CaptureKind::kFds, 1h)}};
  const StoredPairs both = pairs_of(a, b, {});
  EXPECT_TRUE(both.pairs.empty());
  ASSERT_EQ(both.notes.size(), 2U);
  EXPECT_NE(both.notes[0].find("heap: one capture, 1 of "), std::string::npos);
  EXPECT_EQ(both.notes[1], "fds: only B has a capture");
  EXPECT_EQ(pairs_of(a, b, CaptureKind::kFds).notes.size(), 1U);
  EXPECT_EQ(pairs_of({}, {}, {}).notes.size(), 1U);
}

}  // namespace
}  // namespace soakwatch
