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
  for (const seconds interval : {seconds(1), seconds(5), seconds(10), seconds(13), seconds(20)}) {
    ListingPace pace;
    auto newest = kBegin;
    for (auto now = kBegin; now < kBegin + seconds(600); now += interval) {
      if (!pace.due(now)) continue;
      EXPECT_LE(now - newest, seconds(30)) << interval.count();
      pace.listed(1'000'000, now, now + seconds(2));
      newest = now;
    }
    EXPECT_GE(newest, kBegin + seconds(570)) << interval.count();
  }
}

}  // namespace
}  // namespace soakwatch
