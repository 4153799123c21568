#include "report/compose.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/alert_words.h"
#include "model/printable.h"
#include "report/words.h"

namespace soakwatch {
namespace {

using Table::Form::kNumber;
using Table::Form::kWord;

constexpr std::size_t kMostEventsShown = 200;

bool grows(const Alert& alert) {
  return alert.state == AlertState::kPending || alert.state == AlertState::kFiring;
}

// The alert that the headline is about: the first leak that fired, else the first suspicion.
const ReportAlert* first_leak(const ReportData& data) {
  const bool leaks = status_of(data) == ReportStatus::kLeak;
  for (const ReportAlert& one : data.alerts) {
    if (one.alert.finding.is_leak && (!leaks || one.alert.fired_at)) return &one;
  }
  return nullptr;
}

std::size_t further_leaks(const ReportData& data) {
  const auto roots = std::count_if(data.alerts.begin(), data.alerts.end(), [](const auto& one) {
    return one.alert.finding.is_leak && one.alert.fired_at && !one.root;
  });
  return roots > 1 ? static_cast<std::size_t>(roots - 1) : 0;
}

std::string pace_text(const Finding& finding) {
  const std::string rate = format_rate(finding.metric, finding.slope_per_hour);
  return rate.starts_with('+') ? rate.substr(1) : rate;
}

std::string growth_sentence(const ReportData& data, const Alert& alert) {
  const Finding& f = alert.finding;
  const bool is_plural = describe(f.metric).unit == Unit::kCount;
  const char* verb = !grows(alert) ? "grew" : is_plural ? "grow" : "grows";
  const Culprit* culprit = first_culprit(data);
  const std::string place = culprit == nullptr ? "" : printable(culprit->location);
  return fmt::format("{} {} by {} since {}{}", subject_of(f), verb, pace_text(f),
                     short_time_text(data, f.since), place.empty() ? "" : ", at " + place);
}

std::string quiet_headline(const ReportData& data) {
  const std::string span = format_duration(data.last - data.first);
  const auto watched = std::count_if(data.alerts.begin(), data.alerts.end(), [](const auto& one) {
    return !one.alert.finding.is_leak && one.alert.fired_at;
  });
  return fmt::format("No leak found in {}{}", span,
                     watched > 0 ? "; something else is worth a look" : "");
}

void set_verdict(const ReportData& data, Document& document) {
  using Outcome = ReportVerdict::Outcome;
  if (data.verdict) {
    document.verdict = to_string(data.verdict->outcome);
    document.tone = data.verdict->outcome == Outcome::kPass   ? Document::Tone::kGood
                    : data.verdict->outcome == Outcome::kFail ? Document::Tone::kBad
                                                              : Document::Tone::kWarn;
    return;
  }
  switch (status_of(data)) {
    case ReportStatus::kLeak:
      document.verdict = "Leak";
      document.tone = Document::Tone::kBad;
      break;
    case ReportStatus::kSuspicion:
      document.verdict = "Suspicion";
      document.tone = Document::Tone::kWarn;
      break;
    case ReportStatus::kQuiet:
      document.verdict = "No leak found";
      document.tone = Document::Tone::kGood;
      break;
    case ReportStatus::kTooShort:
      document.verdict = "Not judged";
      break;
    case ReportStatus::kNoData:
      document.verdict = "No data";
      break;
  }
}

// "confirmed: it grows" -> "Confirmed: it grows."
std::string sentence(std::string text) {
  if (text.empty()) return text;
  if (text.front() >= 'a' && text.front() <= 'z')
    text.front() = static_cast<char>(text.front() - 'a' + 'A');
  if (std::string_view(".!?").find(text.back()) == std::string_view::npos) text += '.';
  return text;
}

Text leak_paragraph(const ReportData& data, const ReportAlert& one) {
  const Alert& alert = one.alert;
  const Finding& f = alert.finding;
  Text text;
  text.plain(fmt::format("From {} to ", format_value(f.metric, f.base)));
  text.strong(format_value(f.metric, f.current));
  text.plain(fmt::format(" by {}, judged over {}", short_time_text(data, alert.updated),
                         format_duration(f.span)));
  const bool is_said = data.verdict && data.verdict->reason.find(f.cause) != std::string::npos;
  if (!f.cause.empty() && !is_said) text.plain(": " + f.cause);
  text.plain(".");
  const std::string limit = limit_text(alert, data.last);
  if (!limit.empty()) text.plain(" At this pace it ").strong(limit).plain(".");
  std::string explained;
  for (const ReportAlert& other : data.alerts) {
    if (other.root != alert.id) continue;
    explained +=
        (explained.empty() ? "" : ", ") + std::string(label_of(other.alert.finding.metric));
  }
  if (!explained.empty()) text.plain(" It explains as well: " + explained + ".");
  if (const std::size_t more = further_leaks(data); more > 0) {
    text.plain(fmt::format(" {} more {} below.", more, more == 1 ? "leak is" : "leaks are"));
  }
  return text;
}

Text who_paragraph(const ReportAlert& one, const Culprit* culprit) {
  const Finding& f = one.alert.finding;
  Text text;
  if (culprit != nullptr && culprit->kind == CaptureKind::kTrace) {
    text.code(culprit_text(*culprit))
        .plain(fmt::format(" did {} of what was opened and not closed again while a trace ran.",
                           format_amount(Unit::kRatio, culprit->share)));
  } else if (culprit != nullptr) {
    text.code(culprit_text(*culprit))
        .plain(fmt::format(" holds {} of what grew: {} {}, {} before.",
                           format_amount(Unit::kRatio, culprit->share),
                           amount_text(*culprit, culprit->now), holder_word(culprit->kind),
                           amount_text(*culprit, culprit->before)));
  }
  if (!f.probe.empty()) text.plain((text.empty() ? "" : " ") + sentence(f.probe));
  if (text.empty()) {
    text.plain(
        "No look into the process has named a place in the source yet; the next steps say how to "
        "take one.");
  }
  return text;
}

Section observations_section(const ReportData& data) {
  Section section{"ruled-out", "What was ruled out", {}};
  BulletList list;
  for (const Event& event : data.events) {
    if (event.kind != EventKind::kNoLeak && event.kind != EventKind::kStep) continue;
    Text item;
    item.strong(short_time_text(data, event.time))
        .plain(event.kind == EventKind::kStep ? "  a level changed at one stroke: " : "  no leak: ")
        .plain(event.detail);
    list.items.push_back(std::move(item));
  }
  if (!list.items.empty()) section.blocks.push_back({std::move(list)});
  return section;
}

Section limits_of_sight_section(const ReportData& data) {
  Section section{"unseen", "What could not have been seen", {}};
  if (!data.smallest_detectable.empty()) {
    Table table{{{"Signal"},
                 {"Smallest leak that would have been found", kNumber},
                 {"Found in", kNumber},
                 {"Judged over", kNumber}},
                {}};
    for (const Sensitivity& one : data.smallest_detectable) {
      table.rows.push_back({Text(std::string(label_of(one.metric))),
                            one.slope_per_hour ? format_rate(one.metric, *one.slope_per_hour)
                                               : std::string("none: no window was full"),
                            one.slope_per_hour
                                ? format_amount(Unit::kRatio, one.confidence) + " of cases"
                                : std::string(),
                            format_duration(one.span)});
    }
    section.blocks.push_back({std::move(table)});
  }
  BulletList list;
  for (const ReportGap& gap : data.gaps) {
    list.items.emplace_back(
        fmt::format("{} to {}: no samples for {}", short_time_text(data, gap.from),
                    short_time_text(data, gap.to), format_duration(gap.to - gap.from)));
  }
  if (find_series(data, Metric::kGoroutines) == nullptr && data.samples > 0) {
    list.items.emplace_back(
        "No Go figures: no pprof server answered, so that goroutines and the live heap were not "
        "judged");
  }
  if (!list.items.empty()) section.blocks.push_back({std::move(list)});
  return section;
}

Section events_section(const ReportData& data) {
  Section section{"events", "Events", {}};
  if (data.events.empty() && data.alerts.empty()) return section;
  struct Line {
    WallTime time;
    Text what;
    Text detail;
  };
  std::vector<Line> lines;
  for (const Event& event : data.events) {
    lines.push_back({event.time, Text().code(std::string(to_string(event.kind))), event.detail});
  }
  for (const ReportAlert& one : data.alerts) {
    for (const AlertTransition& step : one.history) {
      const std::string state(to_string(step.alert.state));
      lines.push_back(
          {step.time, Text().code(fmt::format("alert {} {}", one.alert.id, state)),
           subject_of(one.alert.finding) + (step.reason.empty() ? "" : ": " + step.reason)});
    }
  }
  std::stable_sort(lines.begin(), lines.end(),
                   [](const Line& a, const Line& b) { return a.time < b.time; });
  const std::size_t first = lines.size() > kMostEventsShown ? lines.size() - kMostEventsShown : 0;
  if (first > 0 || data.events_left_out) {
    section.blocks.push_back({Paragraph{
        fmt::format("The newest {}; the database has them all.", lines.size() - first), true}});
  }
  Table table{{{"Time", kWord}, {"What"}, {"Detail"}}, {}};
  for (std::size_t i = first; i < lines.size(); ++i) {
    table.rows.push_back({Text(short_time_text(data, lines[i].time)), std::move(lines[i].what),
                          std::move(lines[i].detail)});
  }
  section.blocks.push_back({std::move(table)});
  return section;
}

std::string period_text(const ReportData& data) {
  if (data.samples == 0) return "no samples";
  return fmt::format("{} to {}, {}", time_text(data, data.first), short_time_text(data, data.last),
                     format_duration(data.last - data.first));
}

}  // namespace

const Culprit* first_culprit(const ReportData& data) {
  const ReportAlert* leak = first_leak(data);
  if (leak == nullptr) return nullptr;
  if (!leak->alert.finding.culprits.empty()) return &leak->alert.finding.culprits.front();
  for (const ReportAlert& other : data.alerts) {
    if (other.root == leak->alert.id && !other.alert.finding.culprits.empty())
      return &other.alert.finding.culprits.front();
  }
  return nullptr;
}

std::string headline_of(const ReportData& data) {
  const ReportAlert* leak = first_leak(data);
  switch (status_of(data)) {
    case ReportStatus::kLeak:
      return growth_sentence(data, leak->alert);
    case ReportStatus::kSuspicion:
      return "A suspicion, not an alert: " + growth_sentence(data, leak->alert);
    case ReportStatus::kQuiet:
      return quiet_headline(data);
    case ReportStatus::kTooShort:
      return "Too short to judge: " + format_duration(data.last - data.first);
    case ReportStatus::kNoData:
      break;
  }
  return "Nothing to report: there is no sample";
}

Document compose(const ReportData& data) {
  Document document;
  document.target = data.target.name;
  document.period = period_text(data);
  document.headline = headline_of(data);
  set_verdict(data, document);
  const Culprit* culprit = first_culprit(data);
  if (culprit != nullptr) document.open.code(culprit_text(*culprit));
  if (data.verdict && !data.verdict->reason.empty()) {
    document.summary.push_back({Paragraph{sentence(data.verdict->reason)}});
  }
  if (const ReportAlert* leak = first_leak(data); leak != nullptr) {
    document.summary.push_back({Paragraph{leak_paragraph(data, *leak)}});
    document.summary.push_back({Paragraph{who_paragraph(*leak, culprit)}});
  } else if (data.samples > 0) {
    document.summary.push_back({Paragraph{
        fmt::format("{} samples of {} {}; no alert for a leak fired, and no suspicion is left.",
                    format_amount(Unit::kCount, static_cast<double>(data.samples)),
                    data.instances.size(), data.instances.size() == 1 ? "process" : "processes")}});
  }
  for (Section section :
       {context_section(data), issues_section(data), captures_section(data), plots_section(data),
        heap_section(data), allocations_section(data), goroutines_section(data),
        descriptors_section(data), observations_section(data), limits_of_sight_section(data),
        next_steps_section(data), events_section(data), all_metrics_section(data)}) {
    if (!section.blocks.empty()) document.sections.push_back(std::move(section));
  }
  document.footer = fmt::format("Written by soakwatch at {}. Times are local, {}.",
                                time_text(data, data.made), zone_text(data.made));
  return document;
}

}  // namespace soakwatch
