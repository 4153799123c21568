// The course of a series that explains another one: block minima at lengths that double, without a
// judgement of their own. One kilobyte a series.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

#include "model/timestamp.h"

namespace soakwatch {

class Course {
 public:
  static constexpr int kLevels = 10;
  static constexpr int kWindow = 24;  // blocks kept per level

  // `block`: length of the shortest blocks.
  explicit Course(milliseconds block) : block_(block) {}

  // In order of `monotonic`, the same clock for all courses that are compared. A value that steps
  // back in time is ignored.
  void add(milliseconds monotonic, double value);

  // How much the floor rose over the latest `span`: the median of the last three blocks less that
  // of the first three. Nothing when too little of the span was seen.
  // `now`: where given, the series must still be seen: what ended before the last quarter of the
  // span says nothing about now.
  [[nodiscard]] std::optional<double> growth(milliseconds span,
                                             std::optional<milliseconds> now = std::nullopt) const;
  // The shortest span that has blocks enough to judge it by.
  [[nodiscard]] milliseconds shortest_span() const;

  // Whether both go up and down together beside their steady growth, for that two lines rise at the
  // same time proves nothing: the square of the correlation of what lies off their own straight
  // lines over the latest `span`, 0 when one falls as the other rises. Nothing when too little of
  // the span was seen of both, or one is a line.
  [[nodiscard]] std::optional<double> explained_by(const Course& other, milliseconds span) const;

 private:
  // Minima of the latest blocks by their number, newest last; NaN where nothing was seen.
  struct Level {
    std::array<float, kWindow> minima{};
    std::int64_t newest = -1;
    int count = 0;
  };
  struct Stretch {
    std::size_t level = 0;
    int blocks = 0;
  };

  void close_until(std::int64_t index);
  void push(std::size_t level, std::int64_t index, float minimum);
  [[nodiscard]] std::optional<Stretch> stretch(milliseconds span) const;
  // The minimum of a block, NaN where it is not kept.
  [[nodiscard]] float at(std::size_t level, std::int64_t index) const;

  milliseconds block_;
  std::array<Level, kLevels> levels_{};
  std::int64_t open_ = -1;
  float minimum_ = std::nanf("");
};

}  // namespace soakwatch
