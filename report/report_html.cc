#include "report/report_html.h"

#include <fmt/format.h>

#include <variant>

#include "model/printable.h"
#include "report/compose.h"
#include "report/html_text.h"
#include "report/plots.h"
#include "report/report_style.h"

namespace soakwatch {
namespace {

// The same pictures as in the plots, beside their words.
constexpr std::string_view kLegend =
    R"(<p class="legend"><span><svg><path class="line" d="M0 8H22"/></svg>lowest in each interval</span>)"
    R"(<span><svg><rect class="band" y="1" width="22" height="10"/></svg>up to the highest</span>)"
    R"(<span><svg><path class="floor" d="M0 9L22 3"/></svg>trend of the floor</span>)";
constexpr std::string_view kAlertLegend =
    R"(<span><svg><rect class="alert" width="22" height="12"/><path class="fired" d="M11 0V12"/></svg>)"
    R"(since it leaks, and the alert</span>)";
constexpr std::string_view kCaptureLegend =
    R"(<span><svg><g class="capture"><path d="M11 2L15.5 10H6.5z"/></g></svg>capture</span>)";
constexpr std::string_view kRestartLegend =
    R"(<span><svg><path class="restart" d="M11 0V12"/></svg>restart</span>)";
constexpr std::string_view kGapLegend =
    R"(<span><svg><rect class="gap" width="22" height="12"/></svg>no samples</span>)";

std::string html(const Text& text) {
  std::string out;
  for (const Text::Span& span : text.spans()) {
    switch (span.style) {
      case Text::Style::kPlain:
        out += html_text(span.text);
        break;
      case Text::Style::kStrong:
        out += "<strong>" + html_text(span.text) + "</strong>";
        break;
      case Text::Style::kCode:
        out += "<code>" + html_text(span.text) + "</code>";
        break;
    }
  }
  return out;
}

std::string_view form_class(Table::Form form) {
  switch (form) {
    case Table::Form::kNumber:
      return R"( class="n")";
    case Table::Form::kWord:
      return R"( class="w")";
    case Table::Form::kText:
      break;
  }
  return "";
}

// Writes blocks, each kind in its own form.
class HtmlWriter {
 public:
  HtmlWriter(const ReportData& data, std::string& out) : data_(data), out_(out) {}

  void blocks(const std::vector<Block>& list) {
    for (const Block& block : list) std::visit(*this, block.content);
  }

  void operator()(const Paragraph& p) {
    out_ += p.is_quiet ? R"(<p class="quiet">)" : "<p>";
    out_ += html(p.text) + "</p>\n";
  }
  void operator()(const Facts& list) {
    out_ += "<dl>";
    for (const Fact& fact : list.facts) {
      out_ += "<dt>" + html_text(fact.label) + "</dt><dd>" + html(fact.value) + "</dd>\n";
    }
    out_ += "</dl>\n";
  }
  void operator()(const Table& table) {
    out_ += R"(<div class="scroll"><table><thead><tr>)";
    for (const Table::Column& column : table.columns) {
      out_ += fmt::format(R"(<th{} scope="col">)", form_class(column.form));
      out_ += html_text(column.heading) + "</th>";
    }
    out_ += "</tr></thead><tbody>\n";
    for (const auto& row : table.rows) {
      out_ += "<tr>";
      for (std::size_t i = 0; i < row.size(); ++i) {
        out_ += fmt::format("<td{}>", form_class(table.columns[i].form));
        out_ += html(row[i]) + "</td>";
      }
      out_ += "</tr>\n";
    }
    out_ += "</tbody></table></div>\n";
  }
  void operator()(const BulletList& list) {
    out_ += "<ul>";
    for (const Text& item : list.items) out_ += "<li>" + html(item) + "</li>\n";
    out_ += "</ul>\n";
  }
  void operator()(const Code& code) {
    out_ += R"(<p class="what">)" + html(code.what) + "</p><pre>";
    for (const std::string& line : code.lines) out_ += "<code>" + html_text(line) + "</code>";
    out_ += "</pre>\n";
  }
  void operator()(const Plot& plot) {
    const MetricSeries& series = data_.series[plot.series].data;
    const PlotSpec spec = plot_of(data_, plot.series);
    const std::string picture = svg_plot(spec);
    if (picture.empty()) return;
    out_ += "<figure><figcaption><b>" + html_text(plot_title(series.metric)) + "</b><code>" +
            html_text(describe(series.metric).name) + "</code>";
    if (describe(series.metric).type == MetricType::kGauge) {
      out_ += "<span>" +
              html_text(format_value(series.metric, series.first) + " at first, " +
                        format_value(series.metric, series.last) + " at last") +
              "</span>";
    }
    out_ += "</figcaption>" + picture + "</figure>\n";
  }
  void operator()(const Fold& fold) {
    out_ += "<details><summary>" + html_text(fold.title) + "</summary>\n";
    blocks(fold.blocks);
    out_ += "</details>\n";
  }
  void operator()(const Issue& issue) {
    out_ += fmt::format(R"(<article class="issue {0}" id="{1}"><header><h3>{2}</h3>)"
                        R"(<span class="state">{0}, {3}</span></header>)",
                        html_text(issue.severity), html_text(issue.anchor), html_text(issue.title),
                        html_text(issue.state));
    if (!issue.open.empty()) open(issue.open);
    blocks(issue.blocks);
    out_ += "</article>\n";
  }
  void open(const Text& place) {
    out_ += R"(<p class="open"><span>Open</span>)" + html(place) + "</p>\n";
  }

 private:
  const ReportData& data_;
  std::string& out_;
};

std::string_view tone_class(Document::Tone tone) {
  switch (tone) {
    case Document::Tone::kBad:
      return "verdict bad";
    case Document::Tone::kWarn:
      return "verdict warn";
    case Document::Tone::kGood:
      return "verdict good";
    case Document::Tone::kNeutral:
      break;
  }
  return "verdict";
}

void write_head(const Document& document, std::string& out) {
  out += fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src 'sha256-{}'; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"referrer\" content=\"no-referrer\">\n"
      "<title>{}: {}</title>\n<style>{}</style></head>\n<body><main>\n",
      report_style_sha256(), html_text(document.target, 100), html_text(document.headline),
      report_style());
}

bool has_restart(const PlotSpec& spec) {
  for (const PlotMark& mark : spec.marks) {
    if (mark.kind == PlotMark::Kind::kRestart) return true;
  }
  return false;
}

void write_legend(const ReportData& data, std::string& out) {
  out += kLegend;
  if (!data.alerts.empty()) out += kAlertLegend;
  if (!data.captures.empty()) out += kCaptureLegend;
  if (!data.series.empty() && has_restart(plot_of(data, 0))) out += kRestartLegend;
  if (!data.gaps.empty()) out += kGapLegend;
  out += "</p>\n";
}

}  // namespace

std::string report_html(const ReportData& data) {
  const Document document = compose(data);
  std::string out;
  HtmlWriter writer(data, out);
  write_head(document, out);
  out += fmt::format(
      R"(<p class="kicker"><b>{}</b><span>{}</span></p><p><span class="{}">{}</span></p><h1>{}</h1>)",
      html_text(document.target, 200), html_text(document.period), tone_class(document.tone),
      html_text(document.verdict), html_text(document.headline));
  if (!document.open.empty()) writer.open(document.open);
  out += "\n<div class=\"summary\">";
  writer.blocks(document.summary);
  out += "</div>\n<nav>";
  for (const Section& section : document.sections) {
    out += fmt::format("<a href=\"#{}\">{}</a>\n", section.anchor, html_text(section.title));
  }
  out += "</nav>\n";
  for (const Section& section : document.sections) {
    out +=
        fmt::format("<section id=\"{}\"><h2>{}</h2>\n", section.anchor, html_text(section.title));
    if (section.anchor == "plots") write_legend(data, out);
    writer.blocks(section.blocks);
    out += "</section>\n";
  }
  out += "<footer>" + html_text(document.footer) + "</footer>\n</main></body></html>\n";
  return out;
}

}  // namespace soakwatch
