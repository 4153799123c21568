// statm, status and smaps_rollup: the files that say how much memory there is.
#include <gtest/gtest.h>

#include "collectors/procfs/smaps_rollup.h"
#include "collectors/procfs/statm.h"
#include "collectors/procfs/status.h"

namespace soakwatch {
namespace {

TEST(ParseStatm, ReadsPages) {
  const auto statm = parse_statm("1122 536 425 193 0 141 0\n");
  ASSERT_TRUE(statm);
  EXPECT_EQ(statm->size_pages, 1122U);
  EXPECT_EQ(statm->resident_pages, 536U);
  for (const char* text : {"", "1122", "a b", "1 -2 3", "99999999999999999999 1 1"}) {
    EXPECT_FALSE(parse_statm(text)) << text;
  }
}

TEST(ParseStatus, ReadsMemoryAndThreads) {
  const auto status = parse_status(
      "Name:\tRssAnon:\nState:\tS (sleeping)\nTgid:\t1\nRssAnon:\t     444 kB\nRssFile:\t    1700 "
      "kB\nRssShmem:\t       5 kB\nVmSwap:\t      12 kB\nThreads:\t7\n");
  ASSERT_TRUE(status);
  EXPECT_EQ(status->state, 'S');
  EXPECT_EQ(status->rss_anon_bytes, 444U * 1024);
  EXPECT_EQ(status->rss_file_bytes, 1700U * 1024);
  EXPECT_EQ(status->swap_bytes, 12U * 1024);
  EXPECT_EQ(status->threads, 7U);
}

TEST(ParseStatus, WhatIsNotThereIsMissing) {
  const auto old_kernel = parse_status("State:\tR (running)\nVmRSS:\t 10 kB\nThreads:\t1\n");
  ASSERT_TRUE(old_kernel);
  EXPECT_FALSE(old_kernel->rss_anon_bytes);
  EXPECT_FALSE(old_kernel->rss_file_bytes);
  EXPECT_FALSE(old_kernel->swap_bytes);
}

TEST(ParseStatus, RefusesWrongNumbers) {
  for (const char* text : {"", "Name:\tx\n", "State:\n", "State:\tS (sleeping)\nRssAnon:\t kB\n",
                           "State:\tS (sleeping)\nRssAnon:\t 18446744073709551615 kB\n",
                           "State:\tS (sleeping)\nThreads:\tmany\n"}) {
    EXPECT_FALSE(parse_status(text)) << text;
  }
}

TEST(ParseSmapsRollup, TellsPssFromItsParts) {
  const auto rollup = parse_smaps_rollup(
      "55d3-7ffd ---p 00000000 00:00 0    [rollup]\nRss:  2144 kB\nPss:   475 kB\nPss_Dirty: 310 "
      "kB\nPss_Anon: 311 kB\nLazyFree:  12 kB\nAnonHugePages:  2048 kB\nSwap: 3 kB\nSwapPss: 4 "
      "kB\n");
  ASSERT_TRUE(rollup);
  EXPECT_EQ(rollup->pss_bytes, 475U * 1024);
  EXPECT_EQ(rollup->lazy_free_bytes, 12U * 1024);
  EXPECT_EQ(rollup->anon_huge_bytes, 2048U * 1024);
  EXPECT_EQ(rollup->swap_bytes, 3U * 1024);
}

TEST(ParseSmapsRollup, WhatIsNotThereIsMissing) {
  const auto rollup = parse_smaps_rollup("Pss: 1 kB\n");
  ASSERT_TRUE(rollup);
  EXPECT_FALSE(rollup->lazy_free_bytes);
  EXPECT_FALSE(rollup->anon_huge_bytes);
  EXPECT_FALSE(parse_smaps_rollup(""));
  EXPECT_FALSE(parse_smaps_rollup("Pss_Anon: 1 kB\n"));
  EXPECT_FALSE(parse_smaps_rollup("Pss: 1 kB\nLazyFree: x kB\n"));
}

}  // namespace
}  // namespace soakwatch
