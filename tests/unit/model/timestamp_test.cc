#include "model/timestamp.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace soakwatch {
namespace {

using namespace std::chrono_literals;

TEST(Timestamp, WritesAndReadsUtc) {
  const WallTime time = from_unix_ms(1795164000123);
  EXPECT_EQ(format_utc(time), "2026-11-20T08:40:00.123Z");
  EXPECT_EQ(parse_iso8601("2026-11-20T08:40:00.123Z").value(), time);
  EXPECT_EQ(parse_iso8601("2026-11-20 09:40:00.123+01:00").value(), time);
  EXPECT_EQ(parse_iso8601("2026-11-20T03:10:00.1239-0530").value(), time);
  EXPECT_EQ(format_utc(from_unix_ms(0)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_utc(from_unix_ms(-1)), "1969-12-31T23:59:59.999Z");
}

TEST(Timestamp, TakesATimeWithoutZoneAsLocal) {
  setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
  tzset();
  EXPECT_EQ(parse_iso8601("2026-11-20T09:40:00").value(), from_unix_ms(1795164000000));
  EXPECT_EQ(format_local(from_unix_ms(1795164000000)), "2026-11-20T09:40:00");
  EXPECT_EQ(format_local_clock(from_unix_ms(1795164000000)), "09:40:00");
  setenv("TZ", "UTC", 1);
  tzset();
}

TEST(Timestamp, RefusesWhatIsNoTime) {
  for (const char* text : {"", "2026", "2026-13-01", "2026-02-30", "2026-11-20T25:00",
                           "2026-11-20T", "2026-11-20T08:40:00.Z", "2026-11-20T08:40:00X",
                           "20261120T084000Z", "2026-11-20T08:40:00+99:00"}) {
    EXPECT_FALSE(parse_iso8601(text).has_value()) << text;
  }
}

TEST(FormatDuration, ShowsTheTwoLargestUnits) {
  EXPECT_EQ(format_duration(0ms), "0ms");
  EXPECT_EQ(format_duration(250ms), "250ms");
  EXPECT_EQ(format_duration(45s), "45s");
  EXPECT_EQ(format_duration(90s), "1m30s");
  EXPECT_EQ(format_duration(2h + 5min + 9s), "2h5m");
  EXPECT_EQ(format_duration(76h), "3d4h");
  EXPECT_EQ(format_duration(24h), "1d");
}

}  // namespace
}  // namespace soakwatch
