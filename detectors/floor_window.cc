#include "detectors/floor_window.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>

namespace soakwatch {
namespace {

// One window may miss an eighth of its blocks: three of 24.
constexpr int kMissingShare = 8;
// A window over a night is judged from three quarters of its blocks on.
constexpr milliseconds kNight = std::chrono::hours(9);
constexpr int kNightShare = 4;

milliseconds span_of(const BlockMinima& minima, int level) {
  return minima.block_length(level) * static_cast<std::int64_t>(minima.blocks(level).size());
}

bool is_full(const std::vector<Block>& blocks, milliseconds span, int window) {
  const auto size = static_cast<std::size_t>(window);
  const std::size_t least = span >= kNight ? size - size / kNightShare : size;
  if (blocks.size() < least) return false;
  const auto present = static_cast<std::size_t>(std::count_if(
      blocks.begin(), blocks.end(), [](const Block& block) { return block.present; }));
  return present + size / kMissingShare >= blocks.size();
}

}  // namespace

int most_missing(int window) { return window / kMissingShare; }

int most_absent(int window) { return window / kNightShare + most_missing(window); }

double FloorWindow::base() const {
  return median(std::span(minima).first(std::min<std::size_t>(3, minima.size())));
}

double FloorWindow::current() const {
  return median(std::span(minima).last(std::min<std::size_t>(3, minima.size())));
}

bool FloorWindow::is_over_a_night() const { return span >= kNight; }

double FloorWindow::step() const {
  double step = std::numeric_limits<double>::max();
  for (std::size_t i = 1; i < minima.size(); ++i) {
    if (minima[i] != minima[i - 1]) step = std::min(step, std::fabs(minima[i] - minima[i - 1]));
  }
  return step == std::numeric_limits<double>::max() ? 0 : step;
}

std::optional<WindowEnds> ends_of_full_window(const BlockMinima& minima, int level) {
  const std::vector<Block>& blocks = minima.blocks(level);
  const milliseconds span = span_of(minima, level);
  if (!is_full(blocks, span, minima.window())) return std::nullopt;
  const auto middle_of_three = [](auto block) {
    std::array<double, 3> three{};
    for (double& minimum : three) {
      while (!block->present) ++block;
      minimum = (block++)->minimum;
    }
    return median(three);
  };
  return WindowEnds{middle_of_three(blocks.begin()), middle_of_three(blocks.rbegin()),
                    blocks.front().start, span};
}

std::optional<FloorWindow> full_window(const BlockMinima& minima, int level) {
  const std::vector<Block>& blocks = minima.blocks(level);
  const milliseconds span = span_of(minima, level);
  if (!is_full(blocks, span, minima.window())) return std::nullopt;
  const milliseconds length = minima.block_length(level);
  const std::int64_t first = blocks.front().index;
  FloorWindow window;
  window.start = blocks.front().start;
  window.begin = length * first;
  window.span = span;
  for (const Block& block : blocks) {
    if (!block.present) continue;
    const double hours = hours_of(length * (block.index - first));
    window.minima.push_back(block.minimum);
    window.points.push_back({hours, block.minimum});
    window.companions.push_back(block.companion);
    window.means.push_back({hours, block.mean});
    if (!std::isnan(block.load)) window.loads.push_back({hours, block.load});
  }
  window.absent = minima.window() - static_cast<int>(window.minima.size());
  return window;
}

}  // namespace soakwatch
