#include "storage/csv_import.h"

#include <cstdlib>
#include <ctime>
#include <sstream>

#include "store_fixture.h"

namespace soakwatch {
namespace {

struct Imported {
  CsvReadSummary summary;
  std::vector<CsvSample> samples;
  std::string error;
};

Imported import(const std::string& text, const CsvReadOptions& options = {}) {
  std::istringstream in(text);
  Imported result;
  auto read = read_csv(in, options, [&](const CsvSample& s) {
    result.samples.push_back(s);
    return true;
  });
  if (read) {
    result.summary = *read;
  } else {
    EXPECT_EQ(read.error().kind, ErrorKind::kInvalid);
    result.error = read.error().message;
  }
  return result;
}

std::string utc(const CsvSample& s) { return format_utc(s.time); }

class CsvImport : public testing::Test {
 protected:
  CsvImport() { set_zone("UTC"); }
  ~CsvImport() override { set_zone("UTC"); }
  static void set_zone(const char* name) {
    ::setenv("TZ", name, 1);
    ::tzset();
  }
  CsvReadOptions on_day(int y, unsigned m, unsigned d) const {
    CsvReadOptions options;
    options.first_day = std::chrono::sys_days(std::chrono::year_month_day{
        std::chrono::year(y), std::chrono::month(m), std::chrono::day(d)});
    return options;
  }
};

TEST_F(CsvImport, TakesALogOfTheScriptWithItsBanner) {
  const std::string text =
      read_text(std::string(SOAKWATCH_FIXTURES) + "/storage/mem-20261120-235800.log");
  const Imported log = import(text, on_day(2026, 11, 20));
  ASSERT_EQ(log.error, "");
  ASSERT_EQ(log.samples.size(), 5U);
  EXPECT_EQ(log.summary.skipped_rows, 1);  // N/A throughout
  EXPECT_EQ(utc(log.samples[0]), "2026-11-20T23:58:00Z");
  EXPECT_EQ(utc(log.samples[2]), "2026-11-21T00:00:00Z");
  EXPECT_EQ(utc(log.samples[4]), "2026-11-22T00:00:30Z");
  const MetricValues& first = log.samples[0].values;
  EXPECT_FALSE(first.has(Metric::kHeapAllocBytes));
  EXPECT_EQ(first.get(Metric::kGoroutines), 12);
  EXPECT_EQ(first.get(Metric::kRssBytes), 36175872);  // 34.5 MiB
}

TEST_F(CsvImport, PassesMidnightAnyNumberOfTimes) {
  std::string text = "time,goroutines\n";
  for (int i = 0; i < 40; ++i) text += i % 2 == 0 ? "20:00:00,1\n" : "04:00:00,1\n";
  const Imported log = import(text, on_day(2026, 1, 1));
  ASSERT_EQ(log.samples.size(), 40U);
  for (std::size_t i = 1; i < 40; ++i) {
    const auto step = log.samples[i].time - log.samples[i - 1].time;
    EXPECT_EQ(step, i % 2 == 1 ? std::chrono::hours(8) : std::chrono::hours(16)) << i;
  }
}

TEST_F(CsvImport, TheRepeatedHourOfAutumnIsNoMidnight) {
  set_zone("Europe/Berlin");  // 2026-10-25, 03:00 summer time becomes 02:00
  const Imported log =
      import("time,goroutines\n02:58:00,1\n02:59:00,1\n02:00:00,1\n02:01:00,1\n03:00:00,1\n",
             on_day(2026, 10, 25));
  ASSERT_EQ(log.samples.size(), 5U);
  EXPECT_EQ(utc(log.samples[1]), "2026-10-25T00:59:00Z");
  EXPECT_EQ(utc(log.samples[2]), "2026-10-25T01:00:00Z");
  EXPECT_EQ(utc(log.samples[4]), "2026-10-25T02:00:00Z");
  const Imported summer = import("time,goroutines\n02:59:00,1\n02:00:00,1\n", on_day(2026, 7, 1));
  EXPECT_EQ(summer.samples.at(1).time - summer.samples.at(0).time,
            std::chrono::hours(23) + std::chrono::minutes(1));
}

TEST_F(CsvImport, TakesEveryKindOfTime) {
  for (const char* time : {"2026-11-20T08:40:00.123Z", "2026-11-20T09:40:00.123+01:00",
                           "2026-11-20 08:40:00.123", "1795164000.123", "1795164000123"}) {
    const Imported one = import(std::string("time,rss_bytes\n") + time + ",1\n");
    ASSERT_EQ(one.samples.size(), 1U) << time << ": " << one.error;
    EXPECT_EQ(one.samples[0].time, kNow) << time;
  }
}

TEST_F(CsvImport, RefusesWhatIsNoTime) {
  for (const char* time : {"", "noon", "25:00:00", "08:4:00", "-5", "1e400", "nan", "2026-13-01",
                           "99999999999999999"}) {
    EXPECT_NE(import(std::string("time,rss_bytes\n") + time + ",1\n")
                  .error.find("line 2, column 'time': expected a time"),
              std::string::npos)
        << time;
  }
}

TEST_F(CsvImport, PrefersTheUtcColumnOfASpreadsheet) {
  const Imported file = import(
      "\xEF\xBB\xBFtime;time_utc;target;pid;cpu_seconds_total\r\n"
      "2026-11-20T09:40:00;2026-11-20T08:40:00.123Z;a;7;0,5\r\n");
  ASSERT_EQ(file.error, "");
  ASSERT_EQ(file.samples.size(), 1U);
  EXPECT_EQ(file.samples[0].time, kNow);
  EXPECT_EQ(file.samples[0].pid, 7);
  EXPECT_EQ(file.samples[0].values.get(Metric::kCpuSecondsTotal), 0.5);
  EXPECT_TRUE(file.summary.unknown_columns.empty());
}

TEST_F(CsvImport, JoinsTheRowsOfTheLongForm) {
  const Imported file = import(
      "time,target,pid,metric,value\n"
      "1795164000,a,1,rss_bytes,10\n1795164000,a,1,goroutines,5\n1795164000,a,1,humidity,3\n"
      "1795164000,b,2,rss_bytes,20\n1795164001,b,2,rss_bytes,21\n");
  ASSERT_EQ(file.error, "");
  ASSERT_EQ(file.samples.size(), 3U);
  EXPECT_EQ(file.samples[0].values.count(), 2U);
  EXPECT_EQ(file.samples[1].target, "b");
  EXPECT_EQ(file.samples[2].values.get(Metric::kRssBytes), 21);
  EXPECT_EQ(file.summary.unknown_columns, std::vector<std::string>{"humidity"});
  EXPECT_EQ(file.summary.rows, 3);
}

TEST_F(CsvImport, NamesUnknownColumnsAndLeavesThemOut) {
  const Imported file = import("Time, RSS_bytes ,humidity\n1795164000,1,2\n");
  ASSERT_EQ(file.samples.size(), 1U);
  EXPECT_EQ(file.samples[0].values.count(), 1U);
  EXPECT_EQ(file.summary.unknown_columns, std::vector<std::string>{"humidity"});
}

TEST_F(CsvImport, ReadsQuotedCellsWithLineBreaksAndGuards) {
  const Imported file = import(
      "time,target,rss_bytes\n"
      "1795164000,\"a \"\"b\"\",\nc\",1\n1795164001,'=cmd,2\n1795164002,5\" disk,3\n"
      "1795164003,\"d\",x\n");
  EXPECT_EQ(file.error.substr(0, 6), "line 6");  // the lines within quotes count
  ASSERT_EQ(file.samples.size(), 3U);
  EXPECT_EQ(file.samples[0].target, "a \"b\",\nc");
  EXPECT_EQ(file.samples[1].target, "=cmd");
  EXPECT_EQ(file.samples[2].target, "5\" disk");
}

TEST_F(CsvImport, EmptyAndNotAvailableAreMissingNeverZero) {
  const Imported file = import("time,rss_bytes,goroutines\n1795164000,,N/A\n1795164001,0, n/a\n");
  ASSERT_EQ(file.samples.size(), 1U);
  EXPECT_EQ(file.samples[0].values.get(Metric::kRssBytes), 0);
  EXPECT_FALSE(file.samples[0].values.has(Metric::kGoroutines));
  EXPECT_EQ(file.summary.skipped_rows, 1);
}

TEST_F(CsvImport, RefusesBadNumbersWithLineAndColumn) {
  for (const char* cell : {"-5", "abc", "1x", "0x10", "inf", "nan", "1e999", "\"1,5\"", "--"}) {
    const Imported file =
        import(std::string("time,rss_bytes\n1795164000,1\n1795164001,") + cell + "\n");
    EXPECT_NE(file.error.find("line 3, column 'rss_bytes': expected a number"), std::string::npos)
        << cell << ": " << file.error;
  }
}

TEST_F(CsvImport, RefusesWhatIsNoProcessId) {
  for (const char* pid : {"-1", "4194305", "1.5", "me"}) {
    EXPECT_NE(import(std::string("time,pid,rss_bytes\n1795164000,") + pid + ",1\n")
                  .error.find("line 2, column 'pid': expected a process id"),
              std::string::npos)
        << pid;
  }
  EXPECT_EQ(import("time,pid,rss_bytes\n1795164000,4194304,1\n").error, "");
}

TEST_F(CsvImport, RefusesAnImpossibleHeader) {
  EXPECT_NE(import("").error.find("empty"), std::string::npos);
  EXPECT_NE(import("a,b\n1,2\n").error.find("no header"), std::string::npos);
  EXPECT_NE(import("\nrss_bytes,goroutines\n1,2\n").error.find("line 2: the header has no column"),
            std::string::npos);
  EXPECT_NE(import("time,humidity\n1,2\n").error.find("name of a metric"), std::string::npos);
  EXPECT_NE(import("time,rss_bytes,rss_bytes\n").error.find("twice"), std::string::npos);
  EXPECT_NE(import("time,rss_bytes,rss_mb\n").error.find("twice"), std::string::npos);
  EXPECT_NE(import("time,time,rss_bytes\n").error.find("twice"), std::string::npos);
}

TEST_F(CsvImport, RefusesARowOfAnotherLength) {
  EXPECT_NE(import("time,rss_bytes\n1795164000,1,2\n")
                .error.find("line 2: expected 2 cells as in the header, found 3"),
            std::string::npos);
}

TEST_F(CsvImport, SkipsALastLineCutShortAndOnlyThat) {
  const Imported cut = import("time,rss_bytes,goroutines\n1795164000,1,2\n1795164001,1");
  EXPECT_EQ(cut.error, "");
  EXPECT_EQ(cut.samples.size(), 1U);
  EXPECT_EQ(cut.summary.skipped_rows, 1);
  EXPECT_NE(import("time,rss_bytes,goroutines\n1795164001,1\n").error, "");
  // Without a line end, but whole.
  EXPECT_EQ(import("time,rss_bytes\n1795164000,1").samples.size(), 1U);
}

TEST_F(CsvImport, BoundsALineAndAnOpenQuote) {
  CsvReadOptions options;
  options.max_line_bytes = 100;
  EXPECT_NE(import("time,rss_bytes\n1795164000," + std::string(200, '1') + "\n", options)
                .error.find("line 2: longer than 100 bytes"),
            std::string::npos);
  EXPECT_NE(import("time,target,rss_bytes\n1,\"a,1\n2,b,2\n").error.find("not closed"),
            std::string::npos);
}

TEST_F(CsvImport, ReadsBeyondOneBuffer) {
  std::string text = "time,target,rss_bytes\n";
  constexpr int kRows = 40000;  // some 1.2 MB
  for (int i = 0; i < kRows; ++i) {
    text += std::to_string(1795164000 + i) + ",\"quoted, name\"," + std::to_string(i) + "\n";
  }
  const Imported file = import(text);
  ASSERT_EQ(file.error, "");
  ASSERT_EQ(file.samples.size(), static_cast<std::size_t>(kRows));
  EXPECT_EQ(file.samples.back().values.get(Metric::kRssBytes), kRows - 1);
  EXPECT_EQ(file.samples.back().target, "quoted, name");
}

TEST_F(CsvImport, StopsWhenToldTo) {
  std::istringstream in("time,rss_bytes\n1,1\n2,2\n3,3\n");
  int seen = 0;
  const auto read = read_csv(in, {}, [&](const CsvSample&) { return ++seen < 2; });
  ASSERT_TRUE(read);
  EXPECT_EQ(seen, 2);
}

TEST(DayFromFileName, KnowsTheNameThatTheScriptGives) {
  const auto day = day_from_file_name("/tmp/mem-20261120-084000.log");
  ASSERT_TRUE(day);
  EXPECT_EQ(format_utc(WallTime(*day)), "2026-11-20T00:00:00Z");
  for (const char* name : {"", "mem-.log", "mem-20261320-000000.log", "mem-2026112.log", "x.log",
                           "/mem-20261120/other.log"}) {
    EXPECT_FALSE(day_from_file_name(name)) << name;
  }
}

}  // namespace
}  // namespace soakwatch
