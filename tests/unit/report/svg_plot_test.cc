#include "report/svg_plot.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <limits>
#include <set>

#include "report/plots.h"
#include "tests/unit/report/example_report.h"

namespace soakwatch {
namespace {

using std::chrono::minutes;
using ::testing::HasSubstr;
using ::testing::Not;

PlotSpec spec_of(const std::vector<double>& values) {
  PlotSpec spec;
  spec.label = "Threads";
  spec.begin = kEvening;
  spec.end = kEvening + minutes(60);
  spec.format = [](double value) { return fmt::format("{:.0f}", value); };
  spec.segments.emplace_back();
  int minute = 0;
  for (const double value : values)
    spec.segments.back().push_back({kEvening + minutes(minute++), value, value});
  return spec;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size())
    ++found;
  return found;
}

std::vector<std::string> axis_texts(const std::string& svg) {
  std::vector<std::string> texts;
  for (std::size_t at = 0; (at = svg.find("class=\"y\"", at)) != std::string::npos;) {
    at = svg.find('>', at) + 1;
    texts.push_back(svg.substr(at, svg.find('<', at) - at));
  }
  return texts;
}

TEST(SvgPlot, DrawsALineBetweenRoundValues) {
  const std::string svg = svg_plot(spec_of({0, 40, 90, 120}));
  EXPECT_THAT(svg, HasSubstr("class=\"line\""));
  EXPECT_THAT(svg, HasSubstr(">150</text>"));
  EXPECT_THAT(svg, HasSubstr(">50</text>"));
  EXPECT_THAT(svg, Not(HasSubstr("class=\"band\""))) << "each bucket has one value";
}

TEST(SvgPlot, DoesNotWriteTheSameWordsAtTwoLines) {
  const std::vector<std::string> texts = axis_texts(svg_plot(spec_of({41, 42, 43, 41})));
  EXPECT_GE(texts.size(), 2U);
  EXPECT_EQ(std::set<std::string>(texts.begin(), texts.end()).size(), texts.size());
}

TEST(SvgPlot, BreaksTheLineBetweenSegments) {
  PlotSpec spec = spec_of({1, 2, 3});
  const auto moves = [](const std::string& svg) {
    const std::size_t at = svg.find("class=\"line\" d=\"") + 16;
    return count(svg.substr(at, svg.find('"', at) - at), "M");
  };
  EXPECT_EQ(moves(svg_plot(spec)), 1U);
  spec.segments.push_back({{kEvening + minutes(30), 5, 5}});
  EXPECT_EQ(moves(svg_plot(spec)), 2U);
}

TEST(SvgPlot, ShowsTheExtremesOfABucket) {
  PlotSpec spec = spec_of({10, 10, 10});
  spec.segments[0][1].high = 400;
  const std::string svg = svg_plot(spec);
  EXPECT_THAT(svg, HasSubstr("class=\"band\""));
  EXPECT_THAT(svg, HasSubstr("10 to 400</title>"));
}

TEST(SvgPlot, DrawsNothingOfWhatDoesNotChangeOrGoesBeyondNumbers) {
  EXPECT_EQ(svg_plot(spec_of({5, 5, 5})), "");
  EXPECT_EQ(svg_plot(spec_of({})), "");
  EXPECT_EQ(svg_plot(spec_of({-1e308, 1e308})), "");
  EXPECT_EQ(svg_plot(spec_of({0, std::numeric_limits<double>::infinity()})), "");
  PlotSpec point = spec_of({1, 2});
  point.end = point.begin;
  EXPECT_EQ(svg_plot(point), "");
}

TEST(SvgPlot, EscapesTitles) {
  PlotSpec spec = spec_of({1, 2});
  spec.label = "\"><script>";
  spec.marks = {{PlotMark::Kind::kRestart, kEvening + minutes(1), "</title><script>x\x1b"}};
  const std::string svg = svg_plot(spec);
  EXPECT_THAT(svg, Not(HasSubstr("<script")));
  EXPECT_THAT(svg, HasSubstr("&lt;/title&gt;&lt;script&gt;x\\x1b"));
}

TEST(Plots, BreakAtARestartAndAtAGap) {
  const ReportData data = example_report();
  const PlotChoice choice = choose_plots(data);
  ASSERT_FALSE(choice.main.empty());
  EXPECT_EQ(data.series[choice.main.front()].data.metric, Metric::kGoroutines) << "it has an alert";
  const PlotSpec spec = plot_of(data, choice.main.front());
  EXPECT_EQ(spec.segments.size(), 3U);
  ASSERT_EQ(spec.lines.size(), 1U);
  EXPECT_TRUE(spec.lines[0].is_alert);
  EXPECT_EQ(count(svg_plot(spec), "class=\"fired\""), 1U);
  EXPECT_EQ(count(svg_plot(spec), "class=\"restart\""), 1U);
  EXPECT_EQ(count(svg_plot(spec), "class=\"capture\""), 3U);
  EXPECT_EQ(count(svg_plot(spec), "class=\"gap\""), 1U);
}

TEST(Plots, ShowACounterAsItsRate) {
  const ReportData data = example_report();
  for (std::size_t i = 0; i < data.series.size(); ++i) {
    if (data.series[i].data.metric != Metric::kAllocBytesTotal) continue;
    const PlotSpec spec = plot_of(data, i);
    ASSERT_FALSE(spec.segments.empty());
    for (const PlotPoint& point : spec.segments[0]) EXPECT_NEAR(point.low, 500000, 1);
    EXPECT_EQ(spec.format(500000), "488 KiB/s");
  }
}

TEST(Plots, NameWhatDidNotChangeInsteadOfDrawingIt) {
  const ReportData data = example_report();
  for (const std::size_t i : choose_plots(data).constant)
    EXPECT_EQ(data.series[i].data.min, data.series[i].data.max);
  EXPECT_EQ(choose_plots(data).constant.size(), 2U);
}

}  // namespace
}  // namespace soakwatch
