#include "collectors/procfs/listing_pace.h"

#include <gtest/gtest.h>

namespace soakwatch {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const ListingPace::Clock::time_point kBegin{std::chrono::hours(1)};

TEST(ListingPace, AFewAreListedInEachRound) {
  ListingPace pace;
  EXPECT_TRUE(pace.due(kBegin));
  pace.listed(ListingPace::kFew, kBegin, kBegin + seconds(1));
  EXPECT_TRUE(pace.due(kBegin + seconds(1)));
}

TEST(ListingPace, AHundredThousandCostTwoPercent) {
  ListingPace pace;
  constexpr milliseconds kTook{40};
  milliseconds spent{0};
  for (auto now = kBegin; now < kBegin + seconds(100); now += seconds(1)) {
    if (!pace.due(now)) continue;
    pace.listed(100'000, now, now + kTook);
    spent += kTook;
  }
  EXPECT_LE(spent, milliseconds(2000));
  EXPECT_GE(spent, milliseconds(1000));  // and they are counted every few seconds all the same
}

TEST(ListingPace, AValueComesInEachHalfOfABlockHoweverLongItTakes) {
  ListingPace pace;
  pace.listed(1'000'000, kBegin, kBegin + seconds(5));
  EXPECT_FALSE(pace.due(kBegin + seconds(24)));
  EXPECT_TRUE(pace.due(kBegin + seconds(5) + ListingPace::kLongestPause));
}

}  // namespace
}  // namespace soakwatch
