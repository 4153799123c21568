#include "detectors/sensitivity.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "detectors/theil_sen.h"

namespace soakwatch {
namespace {

// The slopes that are tried: down from the upper bound by eighths of a doubling, over a factor of
// 65,000.
constexpr int kStepsPerDoubling = 8;
constexpr int kSlowest = 16 * kStepsPerDoubling;

// An autocorrelation of so few values comes out low by (1 + 4 r) / n (Marriott and Pope 1954); and
// what resembles itself for longer than the window says nothing about how much.
constexpr double kGreatestLikeness = 0.9;
constexpr double kMostTaken = 0.6;
// The deviation of 24 values is itself uncertain by a seventh. With a tenth more, 87 to 96 % of
// ramps at a slope claimed with 90 % were found in fresh noise, over autocorrelations from 0 to
// 0.8; with none, 83 to 96 % (simulated).
constexpr double kMargin = 1.1;

struct Noise {
  double level = 0;
  std::vector<double> off;  // the level
};

// A window shows less noise than there is: a line drawn through it takes a part away, the more so
// the longer neighbours resemble each other. Of n values with autocorrelation r at one block,
// n (1 - r) / (1 + r) count as independent, and the line takes two of them.
double stretch_of(const std::vector<double>& off) {
  double squares = 0;
  double products = 0;
  for (std::size_t i = 0; i < off.size(); ++i) {
    squares += off[i] * off[i];
    if (i > 0) products += off[i] * off[i - 1];
  }
  if (squares <= 0) return 1;
  const auto n = static_cast<double>(off.size());
  const double r = products / squares;
  const double unbiased = std::clamp(r + (1 + 4 * r) / n, 0.0, kGreatestLikeness);
  const double taken = 2 * (1 + unbiased) / (1 - unbiased);
  return kMargin * std::sqrt(n / (n - std::min(taken, kMostTaken * n)));
}

Noise noise_of(const std::vector<Point>& points) {
  std::vector<double> values;
  values.reserve(points.size());
  for (const Point& p : points) values.push_back(p.y);
  Noise noise;
  noise.level = median(values);
  const Slope slope = theil_sen(points);
  if (slope.low > 0 || slope.high < 0) {
    for (std::size_t i = 0; i < values.size(); ++i) values[i] -= slope.value * points[i].x;
  }
  const double middle = median(values);
  for (double& value : values) value -= middle;
  const double stretch = stretch_of(values);
  noise.off.reserve(values.size());
  for (const double value : values) noise.off.push_back(stretch * value);
  return noise;
}

class Trial {
 public:
  Trial(std::span<const BlockOfWindow> window, double resolution, const PassesGates& passes)
      : window_(window),
        resolution_(resolution),
        passes_(passes),
        minima_(window.size()),
        means_(window.size()) {
    std::vector<Point> minima;
    std::vector<Point> means;
    minima.reserve(window.size());
    means.reserve(window.size());
    for (const BlockOfWindow& block : window) {
      minima.push_back({block.hours, block.minimum});
      means.push_back({block.hours, block.mean});
    }
    minimum_ = noise_of(minima);
    mean_ = noise_of(means);
  }

  // Whether a share of `confidence` of the variants is found at this slope.
  bool found(double slope, double confidence) {
    const std::size_t variants = 2 * window_.size();
    const auto may_miss =
        static_cast<std::size_t>((1 - confidence) * static_cast<double>(variants));
    std::size_t missed = 0;
    for (std::size_t variant = 0; variant < variants; ++variant) {
      lay(variant, slope);
      if (!passes_(minima_, means_) && ++missed > may_miss) return false;
    }
    return true;
  }

 private:
  void lay(std::size_t variant, double slope) {
    const std::size_t n = window_.size();
    for (std::size_t i = 0; i < n; ++i) {
      std::size_t from = (i + variant) % n;
      if (variant >= n) from = n - 1 - from;
      const double risen = slope * window_[i].hours;
      minima_[i] = rounded(minimum_.level + minimum_.off[from] + risen);
      means_[i] = mean_.level + mean_.off[from] + risen;
    }
  }

  [[nodiscard]] double rounded(double value) const {
    return resolution_ > 0 ? std::floor(value / resolution_) * resolution_ : value;
  }

  std::span<const BlockOfWindow> window_;
  double resolution_;
  const PassesGates& passes_;
  Noise minimum_;
  Noise mean_;
  std::vector<double> minima_;
  std::vector<double> means_;
};

}  // namespace

std::optional<double> smallest_detected_slope(std::span<const BlockOfWindow> window,
                                              double resolution, const PassesGates& passes,
                                              double confidence, double upper_bound) {
  if (window.size() < 3 || !std::isfinite(upper_bound) || upper_bound <= 0) return std::nullopt;
  Trial trial(window, resolution, passes);
  const auto slope = [upper_bound](int step) {
    return upper_bound * std::exp2(-static_cast<double>(step) / kStepsPerDoubling);
  };
  if (!trial.found(upper_bound, confidence)) return std::nullopt;
  int fast_enough = 0;
  int too_slow = kSlowest + 1;
  while (too_slow - fast_enough > 1) {
    const int middle = fast_enough + (too_slow - fast_enough) / 2;
    (trial.found(slope(middle), confidence) ? fast_enough : too_slow) = middle;
  }
  return slope(fast_enough);
}

}  // namespace soakwatch
