#include "collectors/procfs/go_environment.h"

#include <gtest/gtest.h>

#include <string>

namespace soakwatch {
namespace {

using namespace std::string_literals;

TEST(ParseGoEnvironment, ReadsBothSettings) {
  const auto go = parse_go_environment("LANG=C\0GOGC=50\0GOMEMLIMIT=512MiB\0X=1\0"s);
  EXPECT_EQ(go.gogc_percent, 50.0);
  EXPECT_FALSE(go.gogc_off);
  EXPECT_EQ(go.gomemlimit_bytes, 512.0 * 1024 * 1024);
}

TEST(ParseGoEnvironment, IsQuietWhereNothingIsSet) {
  for (const std::string& text : {""s, "LANG=C\0"s, "XGOGC=5\0GOGCX=5\0GOGC\0"s}) {
    const auto go = parse_go_environment(text);
    EXPECT_FALSE(go.gogc_percent);
    EXPECT_FALSE(go.gogc_off);
    EXPECT_FALSE(go.gomemlimit_bytes);
  }
}

TEST(ParseGoEnvironment, KnowsTheWaysToSwitchTheCollectorOff) {
  EXPECT_TRUE(parse_go_environment("GOGC=off").gogc_off);
  EXPECT_TRUE(parse_go_environment("GOGC=-1").gogc_off);
  EXPECT_EQ(parse_go_environment("GOGC=0").gogc_percent, 0.0);
  for (const char* text : {"GOGC=OFF", "GOGC=", "GOGC=1e2", "GOGC=2147483648"}) {
    EXPECT_FALSE(parse_go_environment(text).gogc_off) << text;
    EXPECT_FALSE(parse_go_environment(text).gogc_percent) << text;
  }
}

TEST(ParseGoEnvironment, TheFirstOfEqualNamesCounts) {
  EXPECT_EQ(parse_go_environment("GOGC=1\0GOGC=2\0"s).gogc_percent, 1.0);
}

TEST(ParseGoEnvironment, ReadsByteCountsAsGoDoes) {
  const auto limit = [](const std::string& value) {
    return parse_go_environment("GOMEMLIMIT=" + value).gomemlimit_bytes;
  };
  EXPECT_EQ(limit("1000"), 1000.0);
  EXPECT_EQ(limit("1000B"), 1000.0);
  EXPECT_EQ(limit("2KiB"), 2048.0);
  EXPECT_EQ(limit("3GiB"), 3.0 * 1024 * 1024 * 1024);
  EXPECT_EQ(limit("1TiB"), 1024.0 * 1024 * 1024 * 1024);
  EXPECT_EQ(limit("9223372036854775807"), 9223372036854775807.0);
  for (const char* value : {"", "off", "B", "MiB", "1MB", "1Mi", "1.5GiB", "-1", " 1",
                            "9223372036854775808", "8388608TiB"}) {
    EXPECT_FALSE(limit(value)) << value;
  }
}

}  // namespace
}  // namespace soakwatch
