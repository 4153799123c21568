#include "cli/soak/soak_verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/command.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

using How = SoakEnding::How;
using SignalState = JudgedSignal::State;

constexpr std::size_t kWordsLimitBytes = 400;

std::string words_of(const Finding& finding) {
  const std::string cause =
      finding.cause.empty() ? "" : ": " + printable(finding.cause, kWordsLimitBytes);
  return printable(finding.summary, kWordsLimitBytes) + cause;
}

// The alert of this detector that weighs most: one that fired before a suspicion.
void take_alerts(const Analysis& analysis, JudgedSignal& signal) {
  for (const AlertResult& result : analysis.alerts) {
    const Alert& alert = result.alert;
    if (alert.finding.detector != signal.detector || !alert.finding.is_leak) continue;
    const SignalState state = alert.fired_at ? SignalState::kLeak : SignalState::kSuspect;
    if (signal.state <= state) continue;
    signal.state = state;
    signal.metric = alert.finding.metric;
    signal.words = words_of(alert.finding);
  }
}

// Absent: it was never read.
std::optional<milliseconds> span_of(const InstanceResult& instance, Metric metric) {
  for (const SeriesResult& series : instance.series) {
    if (series.metric == metric && series.samples > 0) return series.span;
  }
  return std::nullopt;
}

std::string too_short(const NeededSpan& needed, milliseconds seen) {
  if (!needed.span) return "with this configuration growth from the start is never found";
  if (seen < *needed.span) {
    return fmt::format("needs {} of one process, and had {}", format_duration(*needed.span),
                       format_duration(seen));
  }
  return "too many holes, or too much noise, in " + format_duration(seen);
}

JudgedSignal judged_signal(const Analysis& analysis, const NeededSpan& needed,
                           milliseconds cold_start_span) {
  JudgedSignal signal;
  signal.detector = needed.detector;
  signal.metric = needed.metric;
  std::optional<milliseconds> seen;
  milliseconds best_window{-1};
  for (const InstanceResult& instance : analysis.instances) {
    for (const Sensitivity& of : instance.sensitivity) {
      if (of.detector != signal.detector) continue;
      const auto span = span_of(instance, of.metric);
      seen = std::max(seen, span);
      if (!span || !of.slope_per_hour) continue;
      // A leak from the start is found only in a window of that length.
      if (of.span < cold_start_span || !needed.span || of.span <= best_window) continue;
      best_window = of.span;
      signal.metric = of.metric;
      signal.detectable = of.slope_per_hour;
      signal.confidence = of.confidence;
    }
  }
  signal.state = !seen               ? SignalState::kNotSeen
                 : signal.detectable ? SignalState::kClean
                                     : SignalState::kNotJudged;
  if (signal.state == SignalState::kNotJudged) signal.words = too_short(needed, *seen);
  if (signal.state == SignalState::kNotSeen)
    signal.words = fmt::format("{} could not be read", describe(needed.metric).name);
  take_alerts(analysis, signal);
  return signal;
}

std::string not_judged_sentence(const SoakJudgement& judgement,
                                const std::vector<NeededSpan>& needed) {
  std::string names;
  const JudgedSignal* first = nullptr;
  for (const JudgedSignal& signal : judgement.signals) {
    if (signal.state != SignalState::kNotJudged) continue;
    names += (names.empty() ? "" : ", ") + signal.detector;
    if (first == nullptr) first = &signal;
  }
  if (first == nullptr) {
    return needed.empty() ? "nothing was judged: the configuration has no detector of growth"
                          : "nothing was judged: no detector looks at what could be read";
  }
  const auto shortest = shortest_soak(needed);
  return fmt::format("no leak was found, but not everything was judged ({}): {}{}", names,
                     first->words,
                     shortest ? "; a verdict needs at least " + format_duration(*shortest) : "");
}

std::string early_sentence(const Analysis& analysis, const SoakEnding& ending) {
  const bool suspected =
      std::any_of(analysis.alerts.begin(), analysis.alerts.end(), [](const AlertResult& result) {
        return result.alert.finding.is_leak && !result.alert.fired_at;
      });
  return ending.words + (suspected ? "; " + analysis.summary : "; no leak was found until then");
}

int exit_status(SoakVerdict verdict, How how) {
  if (verdict == SoakVerdict::kFail) return kExitLeak;
  if (how == How::kNotStarted) return kExitError;
  if (how == How::kTargetLost || how == How::kCommandEnded) return kExitTargetLost;
  return verdict == SoakVerdict::kPass ? kExitDone : kExitInconclusive;
}

}  // namespace

std::string_view to_string(SoakVerdict verdict) {
  static constexpr std::array<std::string_view, 3> kWords{"PASS", "FAIL", "INCONCLUSIVE"};
  return kWords[static_cast<std::size_t>(verdict)];
}

std::string_view to_string(SoakEnding::How how) {
  static constexpr std::array<std::string_view, 5> kWords{"time_up", "interrupted", "target_lost",
                                                          "command_ended", "not_started"};
  return kWords[static_cast<std::size_t>(how)];
}

std::string_view to_string(JudgedSignal::State state) {
  static constexpr std::array<std::string_view, 5> kWords{"leak", "suspect", "clean", "not_judged",
                                                          "not_seen"};
  return kWords[static_cast<std::size_t>(state)];
}

SoakJudgement judge_soak(const Analysis& analysis, const std::vector<NeededSpan>& needed,
                         milliseconds cold_start_span, const SoakEnding& ending) {
  SoakJudgement judgement;
  for (const NeededSpan& one : needed)
    judgement.signals.push_back(judged_signal(analysis, one, cold_start_span));
  const auto any = [&](SignalState state) {
    return std::any_of(judgement.signals.begin(), judgement.signals.end(),
                       [state](const JudgedSignal& signal) { return signal.state == state; });
  };
  if (analysis.verdict == Verdict::kLeak) {
    judgement.verdict = SoakVerdict::kFail;
    judgement.reason = analysis.summary;
    if (!ending.words.empty()) judgement.reason += "; " + ending.words;
  } else if (ending.how == How::kNotStarted) {
    judgement.reason = ending.words;
  } else if (ending.how != How::kTimeUp) {
    judgement.reason = early_sentence(analysis, ending);
  } else if (analysis.verdict == Verdict::kClean && any(SignalState::kClean) &&
             !any(SignalState::kNotJudged) && !any(SignalState::kSuspect)) {
    judgement.verdict = SoakVerdict::kPass;
    judgement.reason = analysis.summary;
  } else if (any(SignalState::kSuspect) || analysis.samples == 0) {
    judgement.reason = analysis.summary;
  } else {
    judgement.reason = not_judged_sentence(judgement, needed);
  }
  judgement.exit_status = exit_status(judgement.verdict, ending.how);
  return judgement;
}

}  // namespace soakwatch
