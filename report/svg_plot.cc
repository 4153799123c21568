#include "report/svg_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>

#include "report/html_text.h"
#include "report/plot_scale.h"
#include "report/words.h"

namespace soakwatch {
namespace {

using std::chrono::days;

constexpr int kAxisPx = 24;
constexpr int kMostTicksX = 6;
constexpr std::size_t kHoverColumns = 60;

// "50.0 MiB" -> "50 MiB": the lines of a grid stand at round values.
std::string round_text(std::string text) {
  if (const std::size_t at = text.find(".0 "); at != std::string::npos) text.erase(at, 2);
  return text;
}

void grid(const PlotSpec& spec, const PlotScale& scale, std::string& out) {
  for (int i = 0; i <= PlotScale::kMostGridLines; ++i) {
    const double value = scale.low + i * scale.step;
    if (value > scale.high * (1 + 1e-9)) break;
    const double y = scale.pixel(value);
    out += fmt::format(R"(<line class="grid" x1="0" x2="100%" y1="{0:.1f}" y2="{0:.1f}"/>)"
                       R"(<text class="y" x="-8" y="{1:.1f}">{2}</text>)",
                       y, y + 4, html_text(round_text(spec.format(value))));
  }
}

seconds time_step(milliseconds span) {
  constexpr std::array<int, 26> kSteps{
      1,          2,          5,          10,          15,          30,        60,
      120,        300,        600,        900,         1800,        3600,      7200,
      10800,      14400,      21600,      43200,       86400,       2 * 86400, 7 * 86400,
      14 * 86400, 30 * 86400, 90 * 86400, 365 * 86400, 3650 * 86400};
  for (const int step : kSteps) {
    if (span <= seconds(step) * kMostTicksX) return seconds(step);
  }
  return seconds(kSteps.back());
}

std::string tick_text(WallTime local, seconds step) {
  const auto day = std::chrono::floor<days>(local);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<seconds>(local - day));
  const bool is_midnight = local == day;
  if (step >= days(1) || (is_midnight && step >= std::chrono::minutes(30))) {
    return day_text(local);
  }
  std::string text = fmt::format("{:02}:{:02}", clock.hours().count(), clock.minutes().count());
  if (step < std::chrono::minutes(1)) text += fmt::format(":{:02}", clock.seconds().count());
  return text;
}

void time_axis(const PlotSpec& spec, const PlotScale& scale, std::string& out) {
  const seconds step = time_step(scale.span);
  const WallTime local = spec.begin + spec.zone;
  const auto steps = (local.time_since_epoch() + step - milliseconds(1)) / milliseconds(step);
  const WallTime last = spec.end + spec.zone;
  // On a phone every other label is left out.
  bool is_second = false;
  for (WallTime tick{steps * milliseconds(step)}; tick <= last; tick += step) {
    const WallTime time = tick - spec.zone;
    const double part = scale.part_x(time);
    const char* anchor = part < 0.04 ? "start" : part > 0.96 ? "end" : "middle";
    out += fmt::format(R"(<line class="tick" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>)"
                       R"(<text class="{6}" x="{0}" y="{3}" text-anchor="{4}">{5}</text>)",
                       scale.percent(time), PlotScale::kTopPx + PlotScale::kHeightPx,
                       PlotScale::kTopPx + PlotScale::kHeightPx + 4,
                       PlotScale::kTopPx + PlotScale::kHeightPx + 18, anchor, tick_text(tick, step),
                       is_second ? "second" : "x");
    is_second = !is_second;
  }
}

std::string titled(const std::string& title) {
  return title.empty() ? "" : "<title>" + html_text(title) + "</title>";
}

void spans(const PlotSpec& spec, const PlotScale& scale, std::string& out) {
  for (const PlotSpan& span : spec.spans) {
    if (span.to < spec.begin || span.from > spec.end) continue;
    const double from = 100 * scale.part_x(span.from);
    const double width = std::max(100 * scale.part_x(span.to) - from, 0.1);
    out +=
        fmt::format(R"(<rect class="{}" x="{:.2f}%" width="{:.2f}%" y="{}" height="{}">{}</rect>)",
                    span.kind == PlotSpan::Kind::kAlert ? "alert" : "gap", from, width,
                    PlotScale::kTopPx, PlotScale::kHeightPx, titled(span.title));
  }
}

// Relative moves: the shortest form that a path has.
class Path {
 public:
  void move(long x, long y) { put('M', x, y), at(x, y); }
  void line(long x, long y) {
    if (x == x_ && y == y_) return;
    put('l', x - x_, y - y_), at(x, y);
  }
  void close() { text_ += 'z'; }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void put(char letter, long x, long y) {
    text_ += letter;
    text_ += std::to_string(x);
    if (y >= 0) text_ += ' ';
    text_ += std::to_string(y);
  }
  void at(long x, long y) { x_ = x, y_ = y; }
  std::string text_;
  long x_ = 0;
  long y_ = 0;
};

void curves(const PlotSpec& spec, const PlotScale& scale, std::string& out) {
  Path band;
  Path line;
  for (const auto& segment : spec.segments) {
    if (segment.empty()) continue;
    const bool is_thick = std::any_of(segment.begin(), segment.end(),
                                      [](const PlotPoint& p) { return p.high > p.low; });
    if (is_thick) {
      band.move(scale.inner_x(segment.front().time), scale.inner_y(segment.front().high));
      for (const PlotPoint& p : segment) band.line(scale.inner_x(p.time), scale.inner_y(p.high));
      for (auto p = segment.rbegin(); p != segment.rend(); ++p)
        band.line(scale.inner_x(p->time), scale.inner_y(p->low));
      band.close();
    }
    line.move(scale.inner_x(segment.front().time), scale.inner_y(segment.front().low));
    for (const PlotPoint& p : segment) line.line(scale.inner_x(p.time), scale.inner_y(p.low));
    // A point alone, with round ends of the line, is a dot.
    if (segment.size() == 1)
      line.line(scale.inner_x(segment.front().time) + 1, scale.inner_y(segment.front().low));
  }
  out += fmt::format(
      R"(<svg y="{}" width="100%" height="{}" viewBox="0 0 {} {}" preserveAspectRatio="none">)",
      PlotScale::kTopPx, PlotScale::kHeightPx, PlotScale::kInnerWidth, PlotScale::kInnerHeight);
  if (!band.text().empty()) out += fmt::format(R"(<path class="band" d="{}"/>)", band.text());
  out += fmt::format(R"(<path class="line" d="{}"/>)", line.text());
  for (const PlotLine& floor : spec.lines) {
    // Outside of the axis it is cut off by the picture's edge, not bent.
    const auto y = [&](double value) {
      const double part = (scale.high - value) / (scale.high - scale.low);
      return std::lround(PlotScale::kInnerHeight * std::clamp(part, -100.0, 100.0));
    };
    out += fmt::format(R"(<path class="{}" d="M{} {}L{} {}"/>)",
                       floor.is_alert ? "floor hot" : "floor", scale.inner_x(floor.from),
                       y(floor.at_from), scale.inner_x(floor.to), y(floor.at_to));
  }
  out += "</svg>";
}

std::string clock_text(WallTime time, const PlotSpec& spec) {
  const bool is_short = spec.end - spec.begin < std::chrono::hours(1);
  return tick_text(time + spec.zone, is_short ? seconds(1) : seconds(60));
}

// Columns that tell their figures to a pointer that rests on them.
void hover(const PlotSpec& spec, const PlotScale& scale, std::string& out) {
  out += R"(<g class="hover">)";
  for (std::size_t i = 0; i < kHoverColumns; ++i) {
    const auto at = [&](std::size_t column) {
      return spec.begin + scale.span * static_cast<std::int64_t>(column) /
                              static_cast<std::int64_t>(kHoverColumns);
    };
    const WallTime from = at(i);
    const WallTime to = at(i + 1);
    const PlotPoint* first = nullptr;
    double low = 0;
    double high = 0;
    for (const auto& segment : spec.segments) {
      const auto begin =
          std::lower_bound(segment.begin(), segment.end(), from,
                           [](const PlotPoint& p, WallTime time) { return p.time < time; });
      for (auto p = begin; p != segment.end() && (p->time < to || i + 1 == kHoverColumns); ++p) {
        low = first == nullptr ? p->low : std::min(low, p->low);
        high = first == nullptr ? p->high : std::max(high, p->high);
        if (first == nullptr) first = &*p;
      }
    }
    if (first == nullptr) continue;
    const std::string low_text = spec.format(low);
    const std::string high_text = spec.format(high);
    out += fmt::format(R"(<rect x="{:.2f}%" width="{:.2f}%" y="{}" height="{}">{}</rect>)",
                       100 * scale.part_x(from), 100.0 / kHoverColumns, PlotScale::kTopPx,
                       PlotScale::kHeightPx,
                       titled(clock_text(first->time, spec) + "  " + low_text +
                              (low_text == high_text ? "" : " to " + high_text)));
  }
  out += "</g>";
}

void marks(const PlotSpec& spec, const PlotScale& scale, std::string& out) {
  for (const PlotMark& mark : spec.marks) {
    if (mark.time < spec.begin || mark.time > spec.end) continue;
    const std::string x = scale.percent(mark.time);
    const int bottom = PlotScale::kTopPx + PlotScale::kHeightPx;
    if (mark.kind == PlotMark::Kind::kCapture) {
      out += fmt::format(
          R"(<svg class="capture" x="{}" y="{}" overflow="visible"><path d="M0 -7L4.5 1H-4.5z">{}</path></svg>)",
          x, bottom, titled(mark.title));
      continue;
    }
    const bool fired = mark.kind == PlotMark::Kind::kFired;
    out += fmt::format(R"(<line class="{0}" x1="{1}" x2="{1}" y1="{2}" y2="{3}">{4}</line>)",
                       fired ? "fired" : "restart", x, fired ? 0 : PlotScale::kTopPx, bottom,
                       titled(mark.title));
    if (fired) {
      const bool is_right = scale.part_x(mark.time) > 0.85;
      out += fmt::format(R"(<text class="flag" x="{}" dx="{}" y="9" text-anchor="{}">alert</text>)",
                         x, is_right ? -5 : 5, is_right ? "end" : "start");
    }
  }
}

}  // namespace

std::string svg_plot(const PlotSpec& spec) {
  const std::optional<PlotScale> scale = plot_scale(spec);
  if (!scale) return {};
  std::string out =
      fmt::format(R"(<svg class="plot" role="img" height="{}" aria-label="{}">)",
                  PlotScale::kTopPx + PlotScale::kHeightPx + kAxisPx, html_text(spec.label));
  spans(spec, *scale, out);
  grid(spec, *scale, out);
  time_axis(spec, *scale, out);
  curves(spec, *scale, out);
  hover(spec, *scale, out);
  marks(spec, *scale, out);
  return out + "</svg>";
}

}  // namespace soakwatch
