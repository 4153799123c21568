#include "cli/analyze/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "model/printable.h"

namespace soakwatch {
namespace {

bool is_leak_that_fired(const AlertResult& result) {
  const Alert& alert = result.alert;
  return alert.fired_at && alert.finding.is_leak;
}

std::string who(const Alert& alert) {
  std::string text = printable(alert.target_name);
  if (alert.pid > 0) text += fmt::format("{}pid {}", text.empty() ? "" : ", ", alert.pid);
  return text.empty() ? text : " (" + text + ")";
}

std::string leak_sentence(const Analysis& analysis) {
  const AlertResult* worst = nullptr;
  std::size_t count = 0;
  for (const AlertResult& result : analysis.alerts) {
    if (!is_leak_that_fired(result)) continue;
    ++count;
    const auto weight = [](const AlertResult& r) {
      return std::pair(r.alert.finding.root.empty(), r.alert.finding.severity);
    };
    if (worst == nullptr || weight(result) > weight(*worst)) worst = &result;
  }
  if (worst == nullptr) return "a leak, whose alert is not listed";
  const std::string& cause = worst->alert.finding.cause;
  return fmt::format("{}{}{}{}", printable(worst->alert.finding.summary, 400),
                     cause.empty() ? "" : ": " + printable(cause, 400), who(worst->alert),
                     count > 1 ? fmt::format("; {} alerts in all", count) : "");
}

const InstanceResult* longest(const Analysis& analysis) {
  const auto found = std::max_element(
      analysis.instances.begin(), analysis.instances.end(),
      [](const InstanceResult& a, const InstanceResult& b) { return a.span < b.span; });
  return found == analysis.instances.end() ? nullptr : &*found;
}

std::string clean_sentence(const Analysis& analysis) {
  const InstanceResult* instance = longest(analysis);
  std::string seen;
  for (const SeriesResult& series : instance->series) {
    if (!series.detectable) continue;
    seen += fmt::format("{}{} from {} on", seen.empty() ? "" : ", ", describe(series.metric).name,
                        format_rate(series.metric, *series.detectable));
  }
  return fmt::format("no leak in {}{}{}", format_duration(instance->span),
                     analysis.instance_count > 1 ? ", the longest of several processes" : "",
                     seen.empty() ? "" : "; it would have been found in " + seen);
}

std::string inconclusive_sentence(const Analysis& analysis) {
  if (analysis.samples == 0) return "nothing to judge: there is no sample";
  for (const AlertResult& result : analysis.alerts) {
    if (is_leak_that_fired(result) || !result.alert.finding.is_leak) continue;
    return "a suspicion is left: " + printable(result.alert.finding.summary, 400) +
           who(result.alert);
  }
  const auto has = [&](SeriesState state) {
    return std::any_of(
        analysis.instances.begin(), analysis.instances.end(), [&](const InstanceResult& instance) {
          return std::any_of(instance.series.begin(), instance.series.end(),
                             [&](const SeriesResult& series) { return series.state == state; });
        });
  };
  const std::string span = format_duration(longest(analysis)->span);
  if (has(SeriesState::kTooShort)) {
    return "too short, or with too many holes: the longest stretch is " + span +
           ", and no detector had a full window";
  }
  return "nothing to judge in " + span + ": no detector looks at what is there";
}

template <class Word, std::size_t n>
std::string_view word_of(const std::array<std::string_view, n>& words, Word word) {
  return words[static_cast<std::size_t>(word)];
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  static constexpr std::array<std::string_view, 3> kWords{"leak", "clean", "inconclusive"};
  return word_of(kWords, verdict);
}

std::string_view to_string(SeriesState state) {
  static constexpr std::array<std::string_view, 6> kWords{"not_judged", "too_short", "steady",
                                                          "suspect",    "growing",   "plateau"};
  return word_of(kWords, state);
}

std::string verdict_summary(const Analysis& analysis) {
  switch (analysis.verdict) {
    case Verdict::kLeak:
      return leak_sentence(analysis);
    case Verdict::kClean:
      return clean_sentence(analysis);
    case Verdict::kInconclusive:
      break;
  }
  return inconclusive_sentence(analysis);
}

}  // namespace soakwatch
