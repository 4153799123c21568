#include "collectors/procfs/stat.h"

#include <gtest/gtest.h>

namespace soakwatch {
namespace {

// The fields that follow the name, each with its own number as value where it is read.
constexpr const char* kAfterName =
    " S 4 5 6 7 -8 9 10 11 12 13 14 15 16 17 -18 -19 20 21 22 23 24 18446744073709551615 26 27 28 "
    "29\n";

TEST(ParseStat, ReadsTheFieldsByTheirNumbers) {
  const auto stat = parse_stat(std::string("1 (sidecar)") + kAfterName);
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->comm, "sidecar");
  EXPECT_EQ(stat->state, 'S');
  EXPECT_EQ(stat->major_faults, 12U);
  EXPECT_EQ(stat->user_ticks, 14U);
  EXPECT_EQ(stat->system_ticks, 15U);
  EXPECT_EQ(stat->threads, 20U);
  EXPECT_EQ(stat->start_ticks, 22U);
  EXPECT_EQ(stat->vsize_bytes, 23U);
  EXPECT_EQ(stat->start_stack, 28U);
  EXPECT_FALSE(stat->main_thread_ended());
}

TEST(ParseStat, WhoExitsHasEnded) {
  const auto stat = parse_stat(
      "4003 (leaver) R 1 1 1 0 -1 4194564 1 0 0 0 1 2 0 0 20 0 1 0 160350 0 0 184467 0 0 0\n");
  ASSERT_TRUE(stat);
  EXPECT_TRUE(stat->exiting);
  EXPECT_TRUE(stat->main_thread_ended());
}

TEST(ParseStat, IsNotFooledByTheName) {
  for (const std::string name :
       {") R 1 \x1b[31m", "", "a b", "((", "))", "x) Z 1 (y", "two\nlines"}) {
    const auto stat = parse_stat("1 (" + name + ")" + kAfterName);
    ASSERT_TRUE(stat) << name;
    EXPECT_EQ(stat->comm, name);
    EXPECT_EQ(stat->state, 'S');
    EXPECT_EQ(stat->start_ticks, 22U);
  }
}

TEST(ParseStat, RefusesWhatIsNoStat) {
  for (const char* text :
       {"", "1", "1 (a", "1 )a(", "1 (a)", "1 (a) S 4 5 6",
        "1 (a) SS 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23",
        "1 (a) S 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22",
        "1 (a) S 4 5 6 7 8 9 10 11 12 13 -14 15 16 17 18 19 20 21 22 23",
        "1 (a) S 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 18446744073709551616 23"}) {
    const auto stat = parse_stat(text);
    ASSERT_FALSE(stat) << text;
    EXPECT_EQ(stat.error().kind, ErrorKind::kInvalid);
  }
}

}  // namespace
}  // namespace soakwatch
