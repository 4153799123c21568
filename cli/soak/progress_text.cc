#include "cli/soak/progress_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/printable.h"

namespace soakwatch {
namespace {

constexpr std::size_t kMostShown = 3;

std::string counted(int count, const char* noun) {
  if (count == 0) return {};
  return fmt::format("; {} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace

std::string progress_text(const SoakProgress& progress, std::size_t width) {
  const auto percent = progress.planned > milliseconds(0)
                           ? std::clamp<std::int64_t>(
                                 100 * progress.passed.count() / progress.planned.count(), 0, 100)
                           : 100;
  const milliseconds left = std::max(progress.planned - progress.passed, milliseconds(0));
  // A clock of whole seconds.
  const auto shown = std::chrono::ceil<seconds>(left);
  std::string text = fmt::format("{}  {} %, {} left, {} rounds", printable(progress.target, 40),
                                 percent, format_duration(shown), progress.rounds);
  text += counted(progress.firing, "ALERT") + counted(progress.suspected, "suspicion");
  if (progress.away) {
    text += "; waiting for the process";
  } else if (progress.warm_up_left > milliseconds(0)) {
    text += "; warms up for " + format_duration(std::chrono::ceil<seconds>(progress.warm_up_left));
  } else if (progress.growing.empty()) {
    text += "; nothing grows";
  }
  const std::size_t count = std::min(progress.growing.size(), kMostShown);
  for (std::size_t i = 0; i < count; ++i) text += "; " + moving_text(progress.growing[i]);
  // The cut and what it may cut into take up to seven bytes.
  constexpr std::size_t kCut = 7;
  return printable(text, width - std::min(width, kCut));
}

}  // namespace soakwatch
