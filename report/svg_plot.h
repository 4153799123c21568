// One metric over time as inline SVG: as wide as the page, without a script. Its colours are
// classes of report_style.h, its texts do not scale with the width.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "model/timestamp.h"

namespace soakwatch {

struct PlotPoint {
  WallTime time;
  double low = 0;
  double high = 0;
};

struct PlotSpan {
  enum class Kind : std::uint8_t { kAlert, kGap };
  Kind kind = Kind::kGap;
  WallTime from;
  WallTime to;
  std::string title;
};

struct PlotLine {
  WallTime from;
  WallTime to;
  double at_from = 0;
  double at_to = 0;
  bool is_alert = false;
  std::string title;
};

struct PlotMark {
  enum class Kind : std::uint8_t { kFired, kCapture, kRestart };
  Kind kind = Kind::kFired;
  WallTime time;
  std::string title;
};

struct PlotSpec {
  std::string label;  // what it is, for those who do not see it
  WallTime begin;
  WallTime end;
  std::chrono::seconds zone{0};                  // local time minus UTC, for the axis
  std::vector<std::vector<PlotPoint>> segments;  // the line is broken between them
  std::vector<PlotSpan> spans;
  std::vector<PlotLine> lines;
  std::vector<PlotMark> marks;
  bool is_binary = false;  // steps of the axis are powers of two times 1, 2, 5
  std::function<std::string(double)> format;
};

// Empty: there is nothing to draw, or the values go beyond numbers.
std::string svg_plot(const PlotSpec& spec);

}  // namespace soakwatch
