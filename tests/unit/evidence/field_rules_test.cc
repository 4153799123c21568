#include "evidence/field_rules.h"

#include <gmock/gmock.h>

namespace soakwatch {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr double kMiB = 1024.0 * 1024;

// Two samples an hour apart.
std::vector<Sample> hour(Metric metric, double first, double last) {
  std::vector<Sample> samples(2);
  samples[0].values.set(metric, first);
  samples[1].values.set(metric, last);
  samples[1].monotonic = milliseconds(3'600'000);
  return samples;
}

FdList files(const std::string& path, std::size_t times) {
  FdList list;
  for (std::size_t i = 0; i < times; ++i) {
    OpenFd fd;
    fd.number = static_cast<std::uint32_t>(i);
    fd.type = FdType::kFile;
    fd.target = path;
    list.fds.push_back(fd);
  }
  return list;
}

std::vector<RuleFinding> judged(const std::vector<Sample>& samples, const FdList* fds = nullptr,
                                const FieldRuleOptions& options = {}) {
  FieldFacts facts;
  facts.samples = samples;
  facts.fds = fds;
  return field_rules(facts, options);
}

// The names of the findings, in their order.
std::string names(const std::vector<RuleFinding>& findings) {
  std::string text;
  for (const RuleFinding& finding : findings) text += (text.empty() ? "" : " ") + finding.name;
  return text;
}

struct LevelCase {
  Metric metric;
  double healthy, beyond;
  const char* rule;
};

TEST(FieldRules, TellOfLevelsAndAreQuietBelow) {
  for (const LevelCase& level : {LevelCase{Metric::kOpenFds, 999, 1000, "many_fds"},
                                 LevelCase{Metric::kThreads, 99, 100, "many_threads"},
                                 LevelCase{Metric::kGcCpuFraction, 0.049, 0.051, "gc_cpu"},
                                 LevelCase{Metric::kMappings, 1999, 2000, "many_mappings"}}) {
    // The newest value counts.
    EXPECT_EQ(names(judged(hour(level.metric, 0, level.beyond))), level.rule);
    EXPECT_EQ(names(judged(hour(level.metric, level.beyond, level.healthy))), "") << level.rule;
  }
  const auto findings = judged(hour(Metric::kOpenFds, 0, 1204));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].value, 1204);
  EXPECT_EQ(findings[0].limit, 1000);
  EXPECT_THAT(findings[0].sentence, HasSubstr("1,204 descriptors"));
}

TEST(FieldRules, SayNothingOfWhatIsMissing) {
  EXPECT_THAT(judged({}), IsEmpty());
  EXPECT_THAT(judged(std::vector<Sample>(3)), IsEmpty());
  EXPECT_THAT(judged(hour(Metric::kGcCpuFraction, 0, std::nan(""))), IsEmpty());
}

TEST(FieldRules, TellOfSwapThatGrowsAndNotOfSwapThatIsThere) {
  EXPECT_EQ(names(judged(hour(Metric::kSwapBytes, 5 * kMiB, 25 * kMiB))), "swap_growing");
  EXPECT_EQ(names(judged(hour(Metric::kSwapBytes, 500 * kMiB, 501 * kMiB))), "");
  EXPECT_EQ(names(judged(hour(Metric::kSwapBytes, 500 * kMiB, 10 * kMiB))), "");
}

TEST(FieldRules, TellOfAnIdleGiantAndNotOfABusyOne) {
  auto samples = hour(Metric::kCpuSecondsTotal, 100, 110);
  samples[1].values.set(Metric::kRssBytes, 600 * kMiB);
  EXPECT_EQ(names(judged(samples)), "large_when_idle");
  samples[1].values.set(Metric::kRssBytes, 400 * kMiB);
  EXPECT_EQ(names(judged(samples)), "");
  samples[1].values.set(Metric::kRssBytes, 600 * kMiB);
  samples[1].values.set(Metric::kCpuSecondsTotal, 900);
  EXPECT_EQ(names(judged(samples)), "");
  samples[1].values.set(Metric::kCpuSecondsTotal, 100);
  samples[1].monotonic = milliseconds(30'000);  // too short to say
  EXPECT_EQ(names(judged(samples)), "");
}

TEST(FieldRules, TellOfAFileThatIsOpenFourTimes) {
  const FdList four = files("/home/u/note\x1b.txt", 4);
  const auto findings = judged({}, &four);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].name, "file_open_often");
  EXPECT_EQ(findings[0].subject, "/home/u/note\\x1b.txt");
  EXPECT_EQ(findings[0].value, 4);
  const FdList three = files("/home/u/note.txt", 3);
  EXPECT_THAT(judged({}, &three), IsEmpty());
}

TEST(FieldRules, TellOfAFewFilesAtMost) {
  FdList list;
  for (int i = 0; i < 100; ++i) {
    const FdList more = files("/f" + std::to_string(i), 4);
    list.fds.insert(list.fds.end(), more.fds.begin(), more.fds.end());
  }
  EXPECT_EQ(judged({}, &list).size(), kMaxFindingsOfOneRule);
}

TEST(FieldRules, CountFilesByPatterns) {
  FdList list;
  for (int i = 0; i < 30; ++i) {
    list.fds.push_back(
        files("/home/u/.claude/projects/p/" + std::to_string(i) + ".jsonl", 1).fds[0]);
  }
  list.fds.push_back(files("/home/u/td.db", 1).fds[0]);
  const auto findings = judged({}, &list);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].name, "path_patterns");
  EXPECT_EQ(findings[0].subject, ".claude/projects");
  EXPECT_EQ(findings[0].value, 30);
  const auto counts = count_path_patterns(list, FieldRuleOptions().patterns);
  ASSERT_EQ(counts.size(), 3U);
  EXPECT_EQ(counts[0].count, 30U);
  EXPECT_EQ(counts[1].count, 0U);
  EXPECT_EQ(counts[2].count, 1U);
}

TEST(FieldRules, TellOfStuckGoroutinesOnlyWhereSomebodyLooked) {
  FieldFacts facts;
  EXPECT_THAT(field_rules(facts, {}), IsEmpty());
  facts.stuck_goroutines = 0;
  EXPECT_THAT(field_rules(facts, {}), IsEmpty());
  facts.stuck_goroutines = 12;
  facts.stuck_in = "chan receive in main.worker";
  const auto findings = field_rules(facts, {});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].sentence,
            "12 goroutines have waited for minutes, most of them in chan receive in main.worker");
}

TEST(FieldRules, CanBeSwitchedOff) {
  FieldRuleOptions options;
  for (FieldRule* rule :
       {&options.many_fds, &options.file_open_often, &options.many_threads, &options.gc_cpu,
        &options.swap_growing, &options.many_mappings, &options.large_when_idle,
        &options.path_patterns, &options.stuck_goroutines}) {
    rule->on = false;
  }
  std::vector<Sample> samples = hour(Metric::kSwapBytes, 0, 1e9);
  for (const MetricDescriptor& metric : all_metrics()) samples[1].values.set(metric.id, 1e9);
  samples[0].values.set(Metric::kCpuSecondsTotal, 1e9);
  FieldFacts facts;
  facts.samples = samples;
  const FdList fds = files("/x/.claude/projects/y.db", 100);
  facts.fds = &fds;
  facts.stuck_goroutines = 5;
  EXPECT_THAT(field_rules(facts, options), IsEmpty());
  EXPECT_EQ(names(field_rules(facts, {})),
            "many_fds file_open_often many_threads gc_cpu swap_growing many_mappings "
            "large_when_idle path_patterns path_patterns stuck_goroutines");
}

std::string news(FieldRuleWatch& watch, double fds) {
  const auto samples = hour(Metric::kOpenFds, 0, fds);
  FieldFacts facts;
  facts.samples = samples;
  return names(watch.news(facts));
}

TEST(FieldRuleWatch, TellsOnceWhileAValueSwings) {
  FieldRuleWatch watch({});
  EXPECT_EQ(news(watch, 900), "");
  EXPECT_EQ(news(watch, 1100), "many_fds");
  for (const double fds : {900.0, 1100.0, 800.0, 1000.0, 751.0, 5000.0}) {
    EXPECT_EQ(news(watch, fds), "") << fds;
  }
  EXPECT_THAT(watch.news({}), IsEmpty());  // nothing was read: nothing is forgotten
  EXPECT_EQ(news(watch, 1100), "");
  EXPECT_EQ(news(watch, 700), "");
  EXPECT_EQ(news(watch, 1000), "many_fds");
}

TEST(FieldRuleWatch, TellsOfEachFileOnce) {
  FieldRuleWatch watch({});
  const auto look = [&](const std::string& path, std::size_t times) {
    const FdList list = files(path, times);
    FieldFacts facts;
    facts.fds = &list;
    return watch.news(facts).size();
  };
  EXPECT_EQ(look("/a", 4), 1U);
  EXPECT_EQ(look("/a", 3), 0U);
  EXPECT_EQ(look("/a", 5), 0U);
  EXPECT_EQ(look("/b", 4), 1U);  // and /a is closed
  EXPECT_EQ(look("/a", 4), 1U);
}

TEST(PathPattern, IsAPartOrEndsThePath) {
  EXPECT_TRUE(fits_path_pattern("/h/.claude/projects/x", ".claude/projects"));
  EXPECT_FALSE(fits_path_pattern("/h/.claude/other", ".claude/projects"));
  EXPECT_TRUE(fits_path_pattern("/h/td.db", "*.db"));
  EXPECT_FALSE(fits_path_pattern("/h/td.db-wal", "*.db"));
  EXPECT_TRUE(fits_path_pattern("/h/a.db/b/c.log", "a*b/*.log"));
  EXPECT_FALSE(fits_path_pattern("/h/a.log", "a*b*.log"));
  EXPECT_TRUE(fits_path_pattern("/h/a/b", "/a/*"));
  EXPECT_FALSE(fits_path_pattern("/h", ""));
}

}  // namespace
}  // namespace soakwatch
