#include <fmt/format.h>

#include <string_view>

#include "model/printable.h"
#include "report/compose.h"
#include "report/words.h"

namespace soakwatch {
namespace {

using Table::Form::kNumber;
constexpr std::size_t kMostFramesOfCapture = 12;

std::string_view title_of(CaptureKind kind) {
  switch (kind) {
    case CaptureKind::kGoroutine:
      return "Goroutines by stack";
    case CaptureKind::kHeap:
      return "Live heap by call site";
    case CaptureKind::kAllocs:
      return "Allocations by call site";
    case CaptureKind::kFds:
      return "Open descriptors";
    case CaptureKind::kMappings:
      return "Resident memory by mapping";
    default:
      return to_string(kind);
  }
}

Text name_of(const Group& group) {
  Text text;
  text.code(printable(group.name, 300));
  if (!group.location.empty()) text.plain(" " + printable(group.location));
  if (!group.state.empty()) text.plain(", " + printable(group.state));
  return text;
}

Block table_of(const CaptureGrowth& growth) {
  const Unit unit = weight_unit(growth.after.kind);
  Table table{
      {{"Who"}, {"Before", kNumber}, {"Now", kNumber}, {"Grew", kNumber}, {"Share", kNumber}}, {}};
  for (const GroupGrowth& group : growth.groups) {
    table.rows.push_back({name_of(group.after), Text(format_amount(unit, group.before)),
                          Text(format_amount(unit, group.now)),
                          Text("+" + format_amount(unit, group.now - group.before)),
                          Text(fmt::format("{:.0f} %", 100 * group.share))});
  }
  return {std::move(table)};
}

}  // namespace

Section captures_section(const ReportData& data) {
  Section section{"who-grew", "What grew between captures", {}};
  for (const CaptureGrowth& growth : data.growth) {
    const CaptureKind kind = growth.after.kind;
    const Unit unit = weight_unit(kind);
    Text head;
    head.strong(std::string(title_of(kind)));
    head.plain(fmt::format(
        ": {} to {}, from {} ({}) to {} ({})", format_amount(unit, growth.weight_before),
        format_amount(unit, growth.weight_after), short_time_text(data, growth.before.time),
        to_string(growth.before.reason), short_time_text(data, growth.after.time),
        to_string(growth.after.reason)));
    section.blocks.push_back({Paragraph{std::move(head), false}});
    if (growth.groups.empty()) {
      section.blocks.push_back({Paragraph{"Nothing in it has grown.", true}});
      continue;
    }
    section.blocks.push_back(table_of(growth));
    const Group& first = growth.groups.front().after;
    if (first.stack.empty()) continue;
    Code code{Text("Stack of the first:"), {}};
    for (std::size_t i = 0; i < first.stack.size() && i < kMostFramesOfCapture; ++i) {
      code.lines.push_back(first.stack[i]);
    }
    section.blocks.push_back({Fold{"Stack of the first", {{std::move(code)}}}});
  }
  return section;
}

}  // namespace soakwatch
