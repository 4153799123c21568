// Values of the latest minutes in two parts: the recent ones, and those before them.
#pragma once

#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace soakwatch {

class MinuteWindow {
 public:
  MinuteWindow(std::size_t recent, std::size_t before) : recent_(recent), before_(before) {}

  void push(double value);  // NaN: not known in this minute
  void clear() { values_.clear(); }

  // Oldest first; until the window is full, `before` is the one that is short.
  [[nodiscard]] std::span<const double> recent() const;
  [[nodiscard]] std::span<const double> before() const;

  // Medians of the known values; nothing where fewer than half of the part's minutes are known.
  [[nodiscard]] std::optional<double> recent_median() const { return known_median(recent()); }
  [[nodiscard]] std::optional<double> median_before() const { return known_median(before()); }

 private:
  static std::optional<double> known_median(std::span<const double> values);

  std::size_t recent_;
  std::size_t before_;
  std::vector<double> values_;  // some sixty: moving them up once a minute costs nothing
};

}  // namespace soakwatch
