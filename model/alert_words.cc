#include "model/alert_words.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string_view>

#include "model/printable.h"

namespace soakwatch {
namespace {

enum class Measure { kNumber, kMetric, kPerHour, kShare, kSeconds };

// A gate's meaning says what its figures are. Words that are not here stand for plain numbers.
struct Word {
  std::string_view in_meaning;
  Measure measure;
};
constexpr std::array kWords{
    Word{"seconds of", Measure::kSeconds}, Word{"as a share", Measure::kShare},
    Word{"share of", Measure::kShare},     Word{"per hour", Measure::kPerHour},
    Word{"floor", Measure::kMetric},       Word{"growth that", Measure::kMetric},
};

Measure measure_of(std::string_view meaning) {
  const auto* found = std::find_if(kWords.begin(), kWords.end(), [&](const Word& word) {
    return meaning.find(word.in_meaning) != std::string_view::npos;
  });
  return found == kWords.end() ? Measure::kNumber : found->measure;
}

std::string number(double value) {
  std::array<char, 32> text{};
  const int n = std::snprintf(text.data(), text.size(), "%.6g", value);
  return {text.data(), static_cast<std::size_t>(std::max(n, 0))};
}

std::string figure(Metric metric, Measure measure, double value) {
  if (!std::isfinite(value)) return "unknown";
  switch (measure) {
    case Measure::kMetric:
      return format_value(metric, value);
    case Measure::kPerHour:
      return format_rate(metric, value);
    case Measure::kShare:
      return format_amount(Unit::kRatio, value);
    case Measure::kSeconds:
      // Below a second "0 s" says more than milliseconds; above, it would not fit into them.
      if (std::fabs(value) >= 1 && std::fabs(value) < 1e9) {
        return format_duration(std::chrono::round<seconds>(std::chrono::duration<double>(value)));
      }
      return number(value) + " s";
    case Measure::kNumber:
      break;
  }
  return number(value);
}

}  // namespace

bool is_suspicion(const Alert& alert) {
  return alert.state == AlertState::kPending && alert.finding.grade == Grade::kSuspect;
}

std::string limit_text(const Alert& alert, WallTime now) {
  const Finding& finding = alert.finding;
  const bool grows = alert.state == AlertState::kPending || alert.state == AlertState::kFiring;
  if (!grows || !finding.limit) return {};
  const milliseconds passed = std::max(now - alert.updated, milliseconds(0));
  const milliseconds left = finding.limit->time_left - passed;
  const std::string limit = printable(finding.limit->name) + " (" +
                            format_value(finding.metric, finding.limit->value) + ")";
  // It was at most so long: what did not happen by then is overdue.
  if (left <= milliseconds(0)) return "about to reach " + limit;
  return "reaches " + limit + " in " + format_duration(left);
}

GateWords gate_words(Metric metric, const Gate& gate) {
  const Measure measure = measure_of(gate.meaning);
  // "growth of the floor, at least" and "pairs that fall, at most": the comparison belongs between
  // the figures.
  std::string meaning = printable(gate.meaning);
  std::string comparison = "against";
  for (const std::string_view word : {"at least", "at most", "above", "below"}) {
    const std::string in_meaning = ", " + std::string(word);
    const std::size_t at = meaning.find(in_meaning);
    if (at == std::string::npos) continue;
    meaning.erase(at, in_meaning.size());
    comparison = word;
    break;
  }
  constexpr std::string_view kUnit = "seconds of ";
  if (measure == Measure::kSeconds && meaning.starts_with(kUnit)) meaning.erase(0, kUnit.size());
  return {figure(metric, measure, gate.measured), std::move(comparison),
          figure(metric, measure, gate.threshold), std::move(meaning)};
}

}  // namespace soakwatch
