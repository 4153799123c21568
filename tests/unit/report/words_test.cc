#include "report/words.h"

#include <gtest/gtest.h>

#include "report/html_text.h"
#include "tests/unit/report/example_report.h"

namespace soakwatch {
namespace {

TEST(Words, EachMetricHasALabelOfItsOwn) {
  std::vector<std::string_view> labels;
  for (const MetricDescriptor& metric : all_metrics()) {
    EXPECT_FALSE(label_of(metric.id).empty()) << metric.name;
    for (const std::string_view other : labels) EXPECT_NE(label_of(metric.id), other);
    labels.push_back(label_of(metric.id));
  }
}

TEST(Words, TimesAreAsShortAsTheyCanBe) {
  ReportData data = example_report();
  const std::string full = time_text(data, data.last);
  EXPECT_EQ(full.size(), std::string("2026-11-20 06:00").size());
  EXPECT_EQ(short_time_text(data, data.first), time_text(data, data.first).substr(11));
  EXPECT_EQ(day_text(kEvening), "19 Nov");
  data.last = data.first + std::chrono::minutes(2);
  EXPECT_EQ(short_time_text(data, data.last), format_local_clock(data.last));
}

TEST(Words, AShellTakesAWordAsItIs) {
  EXPECT_EQ(shell_word("heap-1.pb.gz"), "heap-1.pb.gz");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("a b; rm -rf $HOME"), "'a b; rm -rf $HOME'");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
}

TEST(HtmlText, LeavesNothingThatABrowserOrAnEyeTakesForItsOwn) {
  EXPECT_EQ(html_text("<script>&\"'"), "&lt;script&gt;&amp;&quot;&#39;");
  EXPECT_EQ(html_text("a\x1b[31m\n\xe2\x80\xae z"), "a\\x1b[31m\\x0a\\xe2\\x80\\xae z");
  EXPECT_EQ(html_text("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(html_text("größe"), "größe");
}

}  // namespace
}  // namespace soakwatch
