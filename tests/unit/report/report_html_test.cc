#include "report/report_html.h"

#include <gmock/gmock.h>

#include "tests/unit/report/example_report.h"

namespace soakwatch {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

std::string plain_of(const std::string& html) {
  const std::size_t body = html.find("<body>");
  return html.substr(body == std::string::npos ? 0 : body);
}

TEST(ReportHtml, SaysWhatGrowsHowFastSinceWhenAndWhatToOpen) {
  const std::string html = report_html(example_report());
  EXPECT_THAT(html,
              ContainsRegex("<h1>Goroutines grow by 240/h since [^<]*, at chain.go:214</h1>"));
  EXPECT_THAT(html,
              HasSubstr("Open</span><code>example.com/sidecar/poll.(*Chain).wait (chain.go:214)"));
  EXPECT_THAT(html, HasSubstr("verdict bad\">FAIL<"));
  EXPECT_THAT(html, HasSubstr("reaches memory.max of the cgroup (9,000)"));
  EXPECT_THAT(html, HasSubstr("holds 98.1 % of what grew: 1,612 goroutines, 3 before."));
  EXPECT_THAT(html,
              HasSubstr("go tool pprof -base /var/lib/soakwatch/captures/sidecar-goroutine-1.pb.gz "
                        "/var/lib/soakwatch/captures/sidecar-goroutine-3.pb.gz"));
}

TEST(ReportHtml, HasItsSectionsInOrder) {
  const std::string html = report_html(example_report());
  std::size_t at = 0;
  for (const char* anchor : {"context", "issues", "plots", "heap", "allocations", "goroutines",
                             "fds", "ruled-out", "unseen", "next", "events", "metrics"}) {
    const std::size_t found = html.find("<section id=\"" + std::string(anchor) + "\">");
    ASSERT_NE(found, std::string::npos) << anchor;
    EXPECT_GT(found, at) << anchor;
    at = found;
  }
}

TEST(ReportHtml, LeavesOutSectionsWithNothingToSay) {
  ReportData data = example_report();
  data.alerts.clear();
  data.events.clear();
  data.verdict.reset();
  const std::string html = report_html(data);
  EXPECT_THAT(html, Not(HasSubstr("id=\"issues\"")));
  EXPECT_THAT(html, Not(HasSubstr("id=\"ruled-out\"")));
  EXPECT_THAT(html, HasSubstr("verdict good\">No leak found<"));
  ReportData none;
  none.target = data.target;
  EXPECT_THAT(report_html(none), HasSubstr("Nothing to report: there is no sample"));
}

TEST(ReportHtml, DoesNotObeyTheTarget) {
  const std::string evil =
      "<script>alert(1)</script>\"'><img src=x onerror=y>\x1b[31m\xe2\x80\xae\xff|`x`\n";
  ReportData data = example_report();
  data.target.name = data.target.spec = evil;
  for (ReportInstance& one : data.instances) {
    one.row.process.cmdline = one.row.process.exe = one.row.end_reason = evil;
  }
  for (Event& event : data.events) event.detail = evil;
  for (Capture& capture : data.captures) capture.file = evil;
  data.verdict->reason = data.captures_folder = data.database = evil;
  data.host = {evil};
  data.others = {{evil, 1}};
  ReportAlert& one = data.alerts[0];
  for (AlertTransition& step : one.history) step.reason = evil;
  Finding& f = one.alert.finding;
  f.summary = f.cause = f.probe = evil;
  f.limit->name = evil;
  f.ruled_out = {evil};
  for (Gate& gate : f.gates) gate.name = gate.meaning = evil;
  for (Culprit& culprit : f.culprits) {
    culprit.name = culprit.location = culprit.state = evil;
    culprit.stack = {evil, evil};
  }
  const std::string html = report_html(data);
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(1)"));
  const std::string body = plain_of(html);
  for (const char* forbidden : {"<script", "<img", "\x1b", "\xe2\x80\xae", "\xff"})
    EXPECT_THAT(body, Not(HasSubstr(forbidden)));
  EXPECT_LT(html.size(), 300000U);
}

TEST(ReportHtml, NeedsNothingFromElsewhere) {
  const std::string html = report_html(example_report());
  EXPECT_THAT(html, HasSubstr("default-src 'none'; style-src 'sha256-"));
  for (const char* forbidden :
       {"<script", "http://", "https://", "url(", "src=", "@import", "<link"})
    EXPECT_THAT(html, Not(HasSubstr(forbidden)));
}

TEST(ReportHtml, StandsFiguresThatAreNone) {
  ReportData data = example_report();
  Finding& f = data.alerts[0].alert.finding;
  f.slope_per_hour = f.base = f.slope_low = std::numeric_limits<double>::quiet_NaN();
  f.current = 1e308;
  f.limit->time_left = milliseconds::max();
  f.culprits[0].share = std::numeric_limits<double>::infinity();
  EXPECT_FALSE(report_html(data).empty());
}

}  // namespace
}  // namespace soakwatch
