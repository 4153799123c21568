#include "report/report_markdown.h"

#include <gmock/gmock.h>

#include <sstream>

#include "tests/unit/report/example_report.h"

namespace soakwatch {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(ReportMarkdown, BeginsWithWhatMatters) {
  const std::string text = report_markdown(example_report());
  EXPECT_THAT(text, StartsWith("# Goroutines grow by 240/h since "));
  EXPECT_THAT(text, HasSubstr("\n\n**FAIL** · `sidecar` · "));
  EXPECT_THAT(text,
              HasSubstr("\n\n**Open** `example.com/sidecar/poll.(*Chain).wait (chain.go:214)`\n"));
}

TEST(ReportMarkdown, GivesAnIssueWithItsEvidence) {
  const std::string text = report_markdown(example_report());
  EXPECT_THAT(text, HasSubstr("### Goroutines +240/h (critical, firing)\n"));
  EXPECT_THAT(text, HasSubstr("- **Impact**: 54 to **1,694** by "));
  EXPECT_THAT(text, HasSubstr(", **+240/h** (95 % interval +232/h to +250/h)"));
  EXPECT_THAT(text, HasSubstr("- **Likely cause**: goroutines that do not end\n"));
  EXPECT_THAT(text, HasSubstr("- **Ruled out**: more work: the load grew by 3 %\n"
                              "- heap that is free and not yet returned: 10 % of the growth\n"));
  EXPECT_THAT(text, HasSubstr("| `size` | held | 1,640 | at least 50 | growth of the floor |"));
  EXPECT_THAT(text, HasSubstr("| `example.com/sidecar/poll.(*Chain).wait` | `chain.go:214` | chan "
                              "receive | 3 | 1,612 | 98.1 % |"));
  EXPECT_THAT(text, HasSubstr("```\nruntime.gopark (proc.go:363)\n"));
  EXPECT_THAT(text, HasSubstr("| Threads | none: no window was full |"));
  EXPECT_THAT(text, ContainsRegex("no samples for 25m"));
}

TEST(ReportMarkdown, HasTablesWhoseRowsHaveAllColumns) {
  ReportData data = example_report();
  data.alerts[0].alert.finding.culprits[0].name = "a|b";
  data.instances[0].row.process.cmdline = "x | `y` || z";
  std::istringstream lines(report_markdown(data));
  std::string line;
  std::size_t columns = 0;
  while (std::getline(lines, line)) {
    if (line.empty() || line.front() != '|') {
      columns = 0;
      continue;
    }
    std::size_t bars = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (line[i] == '|' && (i == 0 || line[i - 1] != '\\')) ++bars;
    }
    if (columns == 0) columns = bars;
    EXPECT_EQ(bars, columns) << line;
  }
}

TEST(ReportMarkdown, DoesNotObeyTheTarget) {
  ReportData data = example_report();
  const std::string evil = "<script>x</script> [a](javascript:b) *c* \x1b[31m\n# d ```\n";
  data.target.name = evil;
  data.verdict->reason = evil;
  for (Event& event : data.events) event.detail = evil;
  data.alerts[0].alert.finding.culprits[0].stack = {evil};
  const std::string text = report_markdown(data);
  EXPECT_THAT(text,
              HasSubstr("\\<script\\>x\\</script\\> \\[a\\](javascript:b) \\*c\\* \\\\x1b\\[31m"));
  EXPECT_THAT(text, Not(HasSubstr("\n# d")));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, HasSubstr("````\n<script>x")) << "a fence longer than what stands within";
}

TEST(ReportMarkdown, HasNoHeadingOverNothing) {
  const std::string text = report_markdown(example_report());
  EXPECT_THAT(text, Not(ContainsRegex("## [^\n]*\n\n## ")));
}

}  // namespace
}  // namespace soakwatch
