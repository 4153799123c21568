#include <cmath>

#include "model/finding.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

constexpr std::size_t kNameLimitBytes = 300;

}  // namespace

std::string whose(const Culprit& culprit) {
  std::string text = printable(culprit.name, kNameLimitBytes);
  if (!culprit.location.empty()) {
    text += " (" + printable(culprit.location, kNameLimitBytes) + ")";
  }
  if (!culprit.state.empty()) text += ", " + printable(culprit.state, kNameLimitBytes);
  return text;
}

std::string to_string(const Culprit& culprit) {
  const std::string share = std::to_string(std::lround(100 * culprit.share)) + " % of ";
  if (culprit.kind == CaptureKind::kTrace) {
    return whose(culprit) + ": " + format_amount(culprit.unit, culprit.now) + " times, " + share +
           "what was opened and not closed meanwhile";
  }
  std::string text = whose(culprit) + ": " + format_amount(culprit.unit, culprit.before) + " -> " +
                     format_amount(culprit.unit, culprit.now);
  return text + ", " + share + "the growth";
}

}  // namespace soakwatch
