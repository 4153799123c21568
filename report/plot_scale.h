// The axes of a plot: what part of its width and height an instant and a value stand for.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "report/svg_plot.h"

namespace soakwatch {

// Where an instant and a value lie.
struct PlotScale {
  // The inner picture is stretched to the page's width, the lines in it are not.
  static constexpr double kInnerWidth = 2400;
  static constexpr double kInnerHeight = 1000;
  static constexpr int kTopPx = 10;
  static constexpr int kHeightPx = 150;
  static constexpr int kMostGridLines = 8;

  WallTime begin;
  milliseconds span{1};
  double low = 0;
  double high = 1;
  double step = 1;  // between the lines of the grid

  [[nodiscard]] double part_x(WallTime time) const {
    const std::chrono::duration<double> since = time - begin;
    return std::clamp(since / std::chrono::duration<double>(span), 0.0, 1.0);
  }
  [[nodiscard]] double part_y(double value) const {
    return std::clamp((high - value) / (high - low), 0.0, 1.0);
  }
  [[nodiscard]] std::string percent(WallTime time) const {
    return fmt::format("{:.2f}%", 100 * part_x(time));
  }
  [[nodiscard]] double pixel(double value) const { return kTopPx + kHeightPx * part_y(value); }
  [[nodiscard]] long inner_x(WallTime time) const {
    return std::lround(kInnerWidth * part_x(time));
  }
  [[nodiscard]] long inner_y(double value) const {
    return std::lround(kInnerHeight * part_y(value));
  }
};

// With lines of the grid at round values, each in words of its own. Nothing: there is no value,
// only one, or they go beyond numbers.
std::optional<PlotScale> plot_scale(const PlotSpec& spec);

}  // namespace soakwatch
