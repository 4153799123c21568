#include "report/plot_scale.h"

#include <limits>

namespace soakwatch {
namespace {

constexpr int kMostTicks = 4;

double nice_step(double range, bool is_binary) {
  const double rough = range / kMostTicks;
  const double base = is_binary ? 1024 : 1000;
  const double unit = std::pow(base, std::floor(std::log(rough) / std::log(base)));
  for (const double digit : {1, 2, 5, 10, 20, 50, 100, 200, 500}) {
    if (digit * unit >= rough) return digit * unit;
  }
  return base * unit;
}

bool has_own_words(const PlotSpec& spec, const PlotScale& scale) {
  for (double value = scale.low; value + scale.step / 2 < scale.high; value += scale.step) {
    if (spec.format(value) == spec.format(value + scale.step)) return false;
  }
  return true;
}

}  // namespace

std::optional<PlotScale> plot_scale(const PlotSpec& spec) {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (const auto& segment : spec.segments) {
    for (const PlotPoint& point : segment) {
      low = std::min(low, point.low);
      high = std::max(high, point.high);
    }
  }
  const milliseconds span = spec.end - spec.begin;
  if (!(high > low) || !std::isfinite(high - low) || span <= milliseconds(0)) return std::nullopt;
  // From zero, unless that would press a small growth flat.
  constexpr double kNarrow = 0.6;
  if (low > 0 && low < kNarrow * high) low = 0;
  // Two lines of the grid with the same words would be one too many: a count has no halves.
  constexpr int kMostDoublings = 12;
  PlotScale scale{spec.begin, span, low, high, nice_step(high - low, spec.is_binary)};
  for (int i = 0; i < kMostDoublings; ++i, scale.step *= 2) {
    scale.low = std::floor(low / scale.step) * scale.step;
    scale.high = std::ceil(high / scale.step) * scale.step;
    if (has_own_words(spec, scale)) break;
  }
  if (!(scale.high > scale.low)) return std::nullopt;
  return scale;
}

}  // namespace soakwatch
