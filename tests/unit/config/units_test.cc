#include "config/units.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace soakwatch {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(ParseDuration, ReadsEveryUnit) {
  EXPECT_EQ(parse_duration("500ms").value(), 500ms);
  EXPECT_EQ(parse_duration("30s").value(), 30s);
  EXPECT_EQ(parse_duration("10m").value(), 10min);
  EXPECT_EQ(parse_duration("8h").value(), 8h);
  EXPECT_EQ(parse_duration("7d").value(), 168h);
  EXPECT_EQ(parse_duration("1h30m").value(), 90min);
  EXPECT_EQ(parse_duration("1d2h3m4s5ms").value(), 26h + 3min + 4s + 5ms);
}

TEST(ParseDuration, ZeroNeedsNoUnit) {
  EXPECT_EQ(parse_duration("0").value(), 0ms);
  EXPECT_EQ(parse_duration("0s").value(), 0ms);
}

TEST(ParseDuration, RefusesEverythingElse) {
  for (const char* text : {"",
                           "30",
                           "s",
                           "-1s",
                           "1.5h",
                           "1,5h",
                           "30 s",
                           " 30s",
                           "30s ",
                           "1h30",
                           "30m1h",
                           "1h1h",
                           "00",
                           "010s",
                           "0x10s",
                           "1_000s",
                           "30sec",
                           "5M",
                           "4000d",
                           "3650d1ms",
                           "99999999999999999999s",
                           "9223372036854775807d",
                           "1:30",
                           "30s\n",
                           "٣s"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
  EXPECT_EQ(parse_duration("3650d").value(), 87600h);
}

TEST(ParseDuration, SaysWhatIsMissing) {
  EXPECT_THAT(parse_duration("30").error().message, HasSubstr("needs a unit"));
  EXPECT_THAT(parse_duration("30sec").error().message, HasSubstr("unknown unit 'sec'"));
  EXPECT_THAT(parse_duration("010s").error().message, HasSubstr("octal"));
}

TEST(ParseSize, ReadsBinaryAndDecimalUnits) {
  EXPECT_EQ(parse_size("100").value(), 100);
  EXPECT_EQ(parse_size("0").value(), 0);
  EXPECT_EQ(parse_size("7B").value(), 7);
  EXPECT_EQ(parse_size("64KiB").value(), 65536);
  EXPECT_EQ(parse_size("512MiB").value(), 536870912);
  EXPECT_EQ(parse_size("1GiB").value(), 1073741824);
  EXPECT_EQ(parse_size("2TiB").value(), 2199023255552);
  EXPECT_EQ(parse_size("1kB").value(), 1000);
  EXPECT_EQ(parse_size("1MB").value(), 1000000);
  EXPECT_EQ(parse_size("1GB").value(), 1000000000);
  EXPECT_EQ(parse_size("1TB").value(), 1000000000000);
}

TEST(ParseSize, RefusesEverythingElse) {
  for (const char* text : {"", "MiB", "-1", "1.5GiB", "010", "0o10", "0x10", "1_000", "1 MiB", "1M",
                           "1K", "1mib", "9223372036854775808", "9007199254740992TiB"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
}

TEST(ParseSize, SuggestsTheUnit) {
  EXPECT_THAT(parse_size("32MIB").error().message, HasSubstr("did you mean 'MiB'"));
}

TEST(DurationText, IsReadBackExactly) {
  EXPECT_EQ(duration_text(0ms), "0s");
  EXPECT_EQ(duration_text(90min), "1h30m");
  EXPECT_EQ(duration_text(1500ms), "1s500ms");
  for (const auto duration : {1ms, 999ms, 1000ms, 61000ms, 90061001ms, 86400000ms}) {
    EXPECT_EQ(parse_duration(duration_text(duration)).value(), duration);
  }
}

TEST(SizeText, IsReadBackExactly) {
  EXPECT_EQ(size_text(0), "0");
  EXPECT_EQ(size_text(1500), "1500");
  EXPECT_EQ(size_text(536870912), "512MiB");
  EXPECT_EQ(size_text(1536), "1536");
  for (const std::int64_t bytes : {std::int64_t{1}, std::int64_t{1023}, std::int64_t{1024},
                                   std::int64_t{1000000000}, std::int64_t{5} << 40}) {
    EXPECT_EQ(parse_size(size_text(bytes)).value(), bytes);
  }
}

}  // namespace
}  // namespace soakwatch
