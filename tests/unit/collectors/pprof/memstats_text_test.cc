#include "collectors/pprof/memstats_text.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/collectors/pprof/fixture.h"

namespace soakwatch {
namespace {

constexpr std::size_t kHeapMetrics = 15;  // how many metrics have Source::kPprofHeap

// The fixture of Go 1.26 with one line changed.
std::string with_line(const std::string& name, const std::string& value) {
  std::string text = fixture("heap_go1.26.txt");
  const std::size_t start = text.find("\n# " + name + " = ") + 1;
  text.replace(start, text.find('\n', start) - start, "# " + name + " = " + value);
  return text;
}

std::string block(const std::string& lines) {
  return "heap profile: 0: 0 [0: 0] @ heap/1048576\n\n# runtime.MemStats\n" + lines;
}

TEST(MemStatsText, ReadsEveryMetricOfEveryGoVersion) {
  for (const char* version : {"1.10", "1.13", "1.19", "1.22", "1.26"}) {
    const Result<MetricValues> values =
        parse_memstats_text(fixture("heap_go" + std::string(version) + ".txt"));
    ASSERT_TRUE(values) << version << ": " << values.error().message;
    EXPECT_EQ(values->count(), kHeapMetrics) << version;
    for (const MetricDescriptor& metric : all_metrics()) {
      EXPECT_EQ(values->has(metric.id), metric.source == Source::kPprofHeap)
          << version << " " << metric.name;
    }
    EXPECT_GT(values->get(Metric::kHeapAllocBytes), 64.0 * 1024 * 1024) << version;
    EXPECT_EQ(*values->get(Metric::kHeapInuseBytes) + *values->get(Metric::kHeapIdleBytes),
              values->get(Metric::kHeapSysBytes))
        << version;
    EXPECT_EQ(*values->get(Metric::kMallocsTotal) - *values->get(Metric::kFreesTotal),
              values->get(Metric::kHeapObjects))
        << version;
  }
}

TEST(MemStatsText, PutsEachValueInItsPlace) {
  const Result<MetricValues> values = parse_memstats_text(fixture("heap_go1.26.txt"));
  ASSERT_TRUE(values);
  EXPECT_EQ(values->get(Metric::kHeapAllocBytes), 67297856);
  EXPECT_EQ(values->get(Metric::kHeapInuseBytes), 68009984);
  EXPECT_EQ(values->get(Metric::kHeapIdleBytes), 2965504);
  EXPECT_EQ(values->get(Metric::kHeapReleasedBytes), 2818048);
  EXPECT_EQ(values->get(Metric::kHeapSysBytes), 70975488);
  EXPECT_EQ(values->get(Metric::kHeapObjects), 857);
  EXPECT_EQ(values->get(Metric::kStackInuseBytes), 327680);
  EXPECT_EQ(values->get(Metric::kNextGcBytes), 134701938);
  EXPECT_EQ(values->get(Metric::kSysBytes), 75925784);
  EXPECT_EQ(values->get(Metric::kAllocBytesTotal), 67379424);
  EXPECT_EQ(values->get(Metric::kMallocsTotal), 936);
  EXPECT_EQ(values->get(Metric::kFreesTotal), 79);
  EXPECT_EQ(values->get(Metric::kGcCyclesTotal), 5);
  EXPECT_EQ(values->get(Metric::kGcPauseSecondsTotal), 320239e-9);
  EXPECT_EQ(values->get(Metric::kGcCpuFraction), 0.08176037633954895);
}

TEST(MemStatsText, ZeroIsAValue) {
  EXPECT_EQ(parse_memstats_text(fixture("heap_go1.10.txt"))->get(Metric::kHeapReleasedBytes), 0);
}

TEST(MemStatsText, NoNextCollectionWhenTheCollectorIsOff) {
  const Result<MetricValues> values = parse_memstats_text(fixture("heap_go1.26_gogc_off.txt"));
  ASSERT_TRUE(values);
  EXPECT_FALSE(values->has(Metric::kNextGcBytes));
  EXPECT_EQ(values->count(), kHeapMetrics - 1);
}

TEST(MemStatsText, ThePauseTotalIsKnownUntilTheRingWraps) {
  EXPECT_TRUE(parse_memstats_text(with_line("NumGC", "256"))->has(Metric::kGcPauseSecondsTotal));
  const Result<MetricValues> wrapped = parse_memstats_text(with_line("NumGC", "257"));
  EXPECT_EQ(wrapped->get(Metric::kGcCyclesTotal), 257);
  EXPECT_FALSE(wrapped->has(Metric::kGcPauseSecondsTotal));
  for (const char* ring : {"", "[", "[]", "[1 2 3 4]", "[1 2 3 4 x]", "[1 2 3 4 -5]", "1 2 3 4 5",
                           "[1 2 3 4 99999999999999999999]"}) {
    const Result<MetricValues> values = parse_memstats_text(with_line("PauseNs", ring));
    EXPECT_FALSE(values->has(Metric::kGcPauseSecondsTotal)) << ring;
    EXPECT_EQ(values->count(), kHeapMetrics - 1) << ring;
  }
}

TEST(MemStatsText, LeavesOutALie) {
  for (const char* lie : {"-1", "", "x", "1.5", "1e9", "NaN", "18446744073709551616", " 1", "1 ",
                          "9007199254740993", "1 / 2", "0x10"}) {
    const Result<MetricValues> values = parse_memstats_text(with_line("HeapAlloc", lie));
    ASSERT_TRUE(values);
    EXPECT_FALSE(values->has(Metric::kHeapAllocBytes)) << lie;
    EXPECT_EQ(values->count(), kHeapMetrics - 1) << lie;
  }
  for (const char* lie : {"-0.1", "1.1", "NaN", "+Inf", "Inf", "nan", "inf", "", "0.1x"}) {
    const Result<MetricValues> values = parse_memstats_text(with_line("GCCPUFraction", lie));
    EXPECT_FALSE(values->has(Metric::kGcCpuFraction)) << lie;
    EXPECT_EQ(values->count(), kHeapMetrics - 1) << lie;
  }
  for (const char* lie : {"1", "-1 / 2", "x / 2", "1/2"}) {
    EXPECT_FALSE(parse_memstats_text(with_line("Stack", lie))->has(Metric::kStackInuseBytes))
        << lie;
  }
  EXPECT_EQ(parse_memstats_text(with_line("GCCPUFraction", "1.5e-05"))->get(Metric::kGcCpuFraction),
            1.5e-05);
}

TEST(MemStatsText, ATextCutShortGivesNoPartOfANumber) {
  const std::string whole = fixture("heap_go1.26.txt");
  const MetricValues expected = *parse_memstats_text(whole);
  const std::size_t heading = whole.find("# runtime.MemStats");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Result<MetricValues> values = parse_memstats_text(whole.substr(0, size));
    if (size < heading + 50) {
      EXPECT_FALSE(values);
    }
    if (!values) continue;
    for (const MetricDescriptor& metric : all_metrics()) {
      if (values->has(metric.id)) {
        EXPECT_EQ(values->get(metric.id), expected.get(metric.id));
      }
    }
  }
}

TEST(MemStatsText, LooksAtTheEndOnly) {
  std::string text = block("# HeapAlloc = 1\n");
  text += std::string(100000, 'x') + block("# HeapAlloc = 2\n");
  EXPECT_EQ(parse_memstats_text(text)->get(Metric::kHeapAllocBytes), 2);
  text += std::string(100000, 'x');
  EXPECT_EQ(parse_memstats_text(text).error().kind, ErrorKind::kInvalid);
}

TEST(MemStatsText, OtherTextsAreErrors) {
  for (const std::string& text :
       {std::string(), std::string("404 page not found\n"), fixture("index_go1.26.html"), block(""),
        block("# DebugGC = false\n"), block("# HeapAlloc = -5\n"), block("# HeapAlloc = 5"),
        std::string("# HeapAlloc = 5\n")}) {
    const Result<MetricValues> values = parse_memstats_text(text);
    ASSERT_FALSE(values) << text;
    EXPECT_EQ(values.error().kind, ErrorKind::kInvalid);
  }
}

}  // namespace
}  // namespace soakwatch
