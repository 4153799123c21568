#include "collectors/procfs/kernel_text.h"

#include <gtest/gtest.h>

#include "collectors/procfs/proc_file.h"

namespace soakwatch {
namespace {

TEST(KernelText, TakesLinesAndFields) {
  std::string_view text = "a  b\tc\n\nlast";
  std::string_view line = take_line(text);
  EXPECT_EQ(take_field(line), "a");
  EXPECT_EQ(take_field(line), "b");
  EXPECT_EQ(take_field(line), "c");
  EXPECT_EQ(take_field(line), "");
  EXPECT_EQ(take_line(text), "");
  EXPECT_EQ(take_line(text), "last");
  EXPECT_TRUE(text.empty());
  EXPECT_EQ(take_line(text), "");
}

TEST(KernelText, LeavesOutACutLine) {
  EXPECT_EQ(whole_lines("a\nRssAnon: 12"), "a\n");
  EXPECT_EQ(whole_lines("RssAnon: 12"), "");
  EXPECT_EQ(whole_lines("a\n"), "a\n");
}

TEST(ParseUnsigned, RefusesWhatIsNotWhollyANumber) {
  EXPECT_EQ(parse_unsigned<std::uint64_t>("18446744073709551615"), 18446744073709551615U);
  EXPECT_EQ(parse_unsigned<std::uint16_t>("ffff", 16), 65535);
  for (const char* text : {"", "-1", "+1", " 1", "1 ", "1x", "18446744073709551616"}) {
    EXPECT_FALSE(parse_unsigned<std::uint64_t>(text)) << text;
  }
}

TEST(ParseKilobytes, RefusesOverflowAndOtherUnits) {
  EXPECT_EQ(parse_kilobytes("\t    1234 kB"), 1234U * 1024);
  EXPECT_EQ(parse_kilobytes("18014398509481983 kB"), 18446744073709550592U);
  for (const char* text : {"18014398509481984 kB", "12", "12 MB", "kB", "12 kB x", "-1 kB"}) {
    EXPECT_FALSE(parse_kilobytes(text)) << text;
  }
}

TEST(ParsePid, TakesOnlyWhatTheKernelWrites) {
  EXPECT_EQ(parse_pid("1"), 1);
  EXPECT_EQ(parse_pid("4194304"), 4194304);
  for (const char* text : {"", "0", "01", "-1", "self", "1a", "4194305", "99999999999"}) {
    EXPECT_EQ(parse_pid(text), 0) << text;
  }
}

}  // namespace
}  // namespace soakwatch
