#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "cli/compare/growth_output.h"
#include "cli/terminal.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

constexpr std::size_t kFramesShown = 16;

std::string amount(CaptureKind kind, double value) {
  const Unit unit = weight_unit(kind);
  return value < 0 ? "-" + format_amount(unit, -value) : format_amount(unit, value);
}

std::string signed_amount(CaptureKind kind, double value) {
  return (value > 0 ? "+" : "") + amount(kind, value);
}

double total(const Breakdown& breakdown) {
  return weight_unit(breakdown.kind) == Unit::kBytes ? breakdown.total_bytes
                                                     : breakdown.total_count;
}

std::string who(const Group& group) {
  std::string text = group.name;
  if (!group.location.empty()) text += " (" + group.location + ")";
  if (!group.state.empty()) text += ", " + group.state;
  return text;
}

// Groups that are named after one helper are told apart by who called it.
std::vector<std::string> names_of(const std::vector<GroupGrowth>& growth, std::size_t shown) {
  std::map<std::string, int> seen;
  for (std::size_t i = 0; i < shown; ++i) ++seen[who(growth[i].after)];
  std::vector<std::string> names;
  for (std::size_t i = 0; i < shown; ++i) {
    const Group& group = growth[i].after;
    std::string name = who(group);
    const std::string named = group.name + " (" + group.location + ")";
    auto frame = std::find(group.stack.begin(), group.stack.end(), named);
    if (seen[name] > 1 && frame != group.stack.end() && ++frame != group.stack.end()) {
      name += " < " + *frame;
    }
    names.push_back(std::move(name));
  }
  return names;
}

std::string stack_text(const Group& group, bool color) {
  std::string out = "\n" + bold(who(group), color) + "\n";
  for (std::size_t i = 0; i < group.stack.size(); ++i) {
    if (i == kFramesShown) return out + fmt::format("    ... {} more\n", group.stack.size() - i);
    out += "    " + group.stack[i] + "\n";
  }
  return out;
}

std::string head_of(const CapturePair& pair) {
  const CaptureKind kind = pair.after.kind;
  std::string out = fmt::format("{}: {} before, {} now, {}\n", to_string(kind),
                                amount(kind, total(pair.before)), amount(kind, total(pair.after)),
                                signed_amount(kind, total(pair.after) - total(pair.before)));
  if (pair.stored_before && pair.stored_after) {
    const auto told = [](const Capture& capture) {
      return fmt::format("capture {} of {} ({})", capture.id, format_local(capture.time),
                         to_string(capture.reason));
    };
    out += fmt::format("from {} to {}\n", told(*pair.stored_before), told(*pair.stored_after));
  }
  if (pair.before.truncated || pair.after.truncated)
    out += "a capture was cut off: these are the groups that are there\n";
  return out;
}

std::string shrunk_text(const CapturePair& pair, std::size_t grew) {
  double given_back = 0;
  for (std::size_t i = grew; i < pair.growth.size(); ++i)
    given_back += pair.growth[i].before - pair.growth[i].now;
  return fmt::format("{} shrank, by {} in all\n", pair.growth.size() - grew,
                     amount(pair.after.kind, given_back));
}

}  // namespace

std::string growth_text(const CapturePair& pair, std::size_t most, std::size_t stacks, bool color) {
  const CaptureKind kind = pair.after.kind;
  const std::vector<GroupGrowth>& growth = pair.growth;
  std::string out = head_of(pair);
  const auto grew = static_cast<std::size_t>(
      std::count_if(growth.begin(), growth.end(),
                    [](const GroupGrowth& group) { return group.now > group.before; }));
  if (grew == 0) return out + "nothing grew\n";
  const std::size_t shown = most > 0 ? std::min(most, grew) : grew;
  out +=
      "\n" +
      dim(fmt::format("{:>11} {:>11} {:>11} {:>6}  {}", "before", "now", "change", "share", "who"),
          color) +
      "\n";
  const std::vector<std::string> names = names_of(growth, shown);
  for (std::size_t i = 0; i < shown; ++i) {
    const GroupGrowth& group = growth[i];
    out += fmt::format("{:>11} {:>11} {:>11} {:>4.0f} %  {}\n", amount(kind, group.before),
                       amount(kind, group.now), signed_amount(kind, group.now - group.before),
                       group.share * 100, names[i]);
  }
  if (grew > shown) out += fmt::format("... {} more grew\n", grew - shown);
  if (growth.size() > grew) out += shrunk_text(pair, grew);
  for (std::size_t i = 0; i < std::min(shown, stacks); ++i) {
    if (!growth[i].after.stack.empty()) out += stack_text(growth[i].after, color);
  }
  return out;
}

}  // namespace soakwatch
