#include "detectors/minute_window.h"

#include <algorithm>

#include "detectors/theil_sen.h"

namespace soakwatch {

void MinuteWindow::push(double value) {
  if (values_.size() == recent_ + before_) values_.erase(values_.begin());
  values_.push_back(value);
}

std::span<const double> MinuteWindow::recent() const {
  return std::span(values_).last(std::min(recent_, values_.size()));
}

std::span<const double> MinuteWindow::before() const {
  return std::span(values_).first(values_.size() - recent().size());
}

std::optional<double> MinuteWindow::known_median(std::span<const double> values) {
  std::vector<double> known;
  std::copy_if(values.begin(), values.end(), std::back_inserter(known),
               [](double v) { return !std::isnan(v); });
  if (known.empty() || 2 * known.size() < values.size()) return std::nullopt;
  return median(known);
}

}  // namespace soakwatch
