#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "cli/compare/moment_output.h"
#include "cli/compare/run_output.h"
#include "cli/terminal.h"
#include "detectors/signals.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

constexpr std::size_t kFloorWidth = 22;

std::string_view noun_of(const RunSignal& signal) { return describe(signal.options.signal).noun; }

std::string value_text(Metric metric, double value) {
  return (value < 0 ? "-" : "") + format_value(metric, value < 0 ? -value : value);
}

std::string floor_cell(const RunSignal& signal) {
  if (!signal.course) return signal.read ? "too short" : "not read";
  return value_text(signal.metric, signal.course->level) + " to " +
         value_text(signal.metric, signal.course->end);
}

std::string pace_cell(const RunSignal& signal) {
  if (!signal.course) return "";
  const Slope& slope = signal.course->slope_per_hour;
  return fmt::format("{} ({} to {})", format_rate(signal.metric, slope.value),
                     format_rate(signal.metric, slope.low), format_rate(signal.metric, slope.high));
}

std::string faster_text(const SignalComparison& one) {
  return "by " + format_rate(one.b.metric, one.result.slope_change);
}

std::string unclear_text(const RunComparison& result) {
  if (result.b_grows) return "unclear: grows in B; that it does not in A cannot be said";
  if (result.a_grows) return "unclear: grows in A; that it does not in B cannot be said";
  return "unclear: rises, but less steadily than a leak; a longer run would tell";
}

std::string what_it_is(const SignalComparison& one) {
  const double change = one.result.level_change;
  switch (one.result.difference) {
    case Difference::kNone:
      return "no difference";
    case Difference::kStep:
      return fmt::format("a step: {} by {} at the same pace", change > 0 ? "higher" : "lower",
                         value_text(one.b.metric, change > 0 ? change : -change));
    case Difference::kGrowsInBoth:
      return "grows in both, at about the same pace";
    case Difference::kGrowsInB:
      return "grows in B, not in A";
    case Difference::kGrowsInA:
      return "grows in A, not in B";
    case Difference::kFasterInB:
      return "grows faster in B, " + faster_text(one);
    case Difference::kSlowerInB:
      return "grows slower in B, " + faster_text(one);
    case Difference::kUnclear:
      return unclear_text(one.result);
    case Difference::kTooShort:
      return "not comparable (too short)";
    case Difference::kNotRead:
      break;
  }
  return fmt::format("not comparable (not read in {})", one.a.read ? "B" : "A");
}

std::string run_text(std::string_view letter, const Run& run) {
  return fmt::format(
      "{}  {}: {} (pid {}), {} to {}, {} samples{}; judged {}\n", letter,
      printable(run.database.string(), 400), printable(run.target.name),
      run.instance.process.id.pid, format_local(run.first), format_local(run.last), run.samples,
      run.instances > 1 ? fmt::format(", the longest of {} processes", run.instances) : "",
      format_duration(run.judged));
}

// What it is, and floor and pace of both below.
std::string signal_text(const SignalComparison& one, bool color) {
  const std::string a = floor_cell(one.a);
  const std::string b = floor_cell(one.b);
  const std::size_t width = std::max({a.size(), b.size(), kFloorWidth});
  const std::string what = what_it_is(one);
  const bool leak = one.result.difference == Difference::kGrowsInB;
  std::string out =
      fmt::format("{}: {}\n", bold(noun_of(one.a), color), leak ? red(what, color) : what);
  const auto line = [&](char letter, const std::string& floor, const std::string& pace) {
    std::string text = fmt::format("  {}  {:<{}}  {}", letter, floor, width, pace);
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  };
  if (!one.a.course && !one.b.course) return out;
  line('A', a, pace_cell(one.a));
  line('B', b, pace_cell(one.b));
  return out;
}

std::string headline(const RunsComparison& comparison, bool color) {
  if (has(comparison, Difference::kGrowsInB)) {
    return red("NEW LEAK", color) +
           "  in B and not in A: " + nouns_of(comparison, Difference::kGrowsInB) + "\n";
  }
  if (has(comparison, Difference::kFasterInB)) {
    return bold("FASTER", color) +
           "  A leaks as well, B faster: " + nouns_of(comparison, Difference::kFasterInB) + "\n";
  }
  const auto open =
      std::count_if(comparison.signals.begin(), comparison.signals.end(),
                    [](const SignalComparison& one) { return is_open(one.result.difference); });
  const auto all = std::ssize(comparison.signals);
  if (open == all) return bold("NOT COMPARABLE", color) + "  no figure of both can be judged\n";
  return bold("NO NEW LEAK", color) +
         fmt::format("  {} of {} figures compared{}\n", all - open, all,
                     has(comparison, Difference::kGrowsInA)
                         ? "; mended: " + nouns_of(comparison, Difference::kGrowsInA)
                         : "");
}

std::string too_short_text(const RunsComparison& comparison) {
  if (!has(comparison, Difference::kTooShort)) return {};
  return fmt::format(
      "\nToo short: a figure needs 16 blocks with a value after the warm-up ({}). Where the soak "
      "was "
      "short on purpose,\ngive its --config, or --warm-up.\n",
      format_duration(comparison.warm_up));
}

}  // namespace

bool has(const RunsComparison& comparison, Difference difference) {
  return std::any_of(
      comparison.signals.begin(), comparison.signals.end(),
      [&](const SignalComparison& one) { return one.result.difference == difference; });
}

std::string nouns_of(const RunsComparison& comparison, Difference difference) {
  std::string nouns;
  for (const SignalComparison& one : comparison.signals) {
    if (one.result.difference != difference) continue;
    nouns += (nouns.empty() ? "" : ", ") + std::string(noun_of(one.a));
  }
  return nouns;
}

std::string runs_text(const RunsComparison& comparison, const StoredPairs& pairs, std::size_t most,
                      bool color) {
  std::string out = headline(comparison, color) + run_text("A", comparison.baseline) +
                    run_text("B", comparison.candidate) + "\n";
  for (const SignalComparison& one : comparison.signals) out += signal_text(one, color);
  return out + too_short_text(comparison) + pairs_text(pairs, most, color);
}

}  // namespace soakwatch
