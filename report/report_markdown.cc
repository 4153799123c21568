#include "report/report_markdown.h"

#include <algorithm>
#include <string_view>
#include <variant>

#include "model/printable.h"
#include "report/compose.h"

namespace soakwatch {
namespace {

constexpr std::size_t kTextLimitBytes = 4000;

// Nothing of it is taken for markup or HTML, also within a cell of a table.
std::string escaped(std::string_view text) {
  constexpr std::string_view kSpecial = "\\`*_[]<>&#|~";
  std::string out;
  for (const char c : printable(text, kTextLimitBytes)) {
    if (kSpecial.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::size_t longest_run(std::string_view text, char c) {
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char x : text) {
    run = x == c ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

// Between more backticks than it holds in a row. A table takes | for its own even there.
std::string code_span(std::string_view text) {
  std::string inner = printable(text, kTextLimitBytes);
  if (inner.empty()) return {};
  for (std::size_t at = 0; (at = inner.find('|', at)) != std::string::npos; at += 2)
    inner.insert(at, 1, '\\');
  const std::string fence(longest_run(inner, '`') + 1, '`');
  const bool touches = inner.front() == '`' || inner.back() == '`';
  const std::string space = touches ? " " : "";
  return fence + space + inner + space + fence;
}

std::string markdown(const Text& text) {
  std::string out;
  for (const Text::Span& span : text.spans()) {
    switch (span.style) {
      case Text::Style::kPlain:
        out += escaped(span.text);
        break;
      case Text::Style::kStrong:
        out += "**" + escaped(span.text) + "**";
        break;
      case Text::Style::kCode:
        out += code_span(span.text);
        break;
    }
  }
  return out;
}

class MarkdownWriter {
 public:
  explicit MarkdownWriter(std::string& out) : out_(out) {}

  void blocks(const std::vector<Block>& list) {
    for (const Block& block : list) std::visit(*this, block.content);
  }
  void operator()(const Paragraph& p) { out_ += markdown(p.text) + "\n\n"; }
  void operator()(const Facts& list) {
    for (const Fact& fact : list.facts) {
      const std::string label = fact.label.empty() ? "" : "**" + escaped(fact.label) + "**: ";
      out_ += "- " + label + markdown(fact.value) + "\n";
    }
    out_ += "\n";
  }
  void operator()(const Table& table) {
    for (const Table::Column& column : table.columns) out_ += "| " + escaped(column.heading) + " ";
    out_ += "|\n";
    for (const Table::Column& column : table.columns)
      out_ += column.form == Table::Form::kNumber ? "|---:" : "|---";
    out_ += "|\n";
    for (const auto& row : table.rows) {
      for (const Text& cell : row) out_ += "| " + markdown(cell) + " ";
      out_ += "|\n";
    }
    out_ += "\n";
  }
  void operator()(const BulletList& list) {
    for (const Text& item : list.items) out_ += "- " + markdown(item) + "\n";
    out_ += "\n";
  }
  void operator()(const Code& code) {
    std::size_t fence = 3;
    for (const std::string& line : code.lines) fence = std::max(fence, longest_run(line, '`') + 1);
    const std::string marks(fence, '`');
    out_ += markdown(code.what) + "\n\n" + marks + "\n";
    for (const std::string& line : code.lines) out_ += printable(line, kTextLimitBytes) + "\n";
    out_ += marks + "\n\n";
  }
  void operator()(const Plot&) {}
  void operator()(const Fold& fold) {
    const std::size_t before = out_.size();
    out_ += escaped(fold.title) + ":\n\n";
    const std::size_t heading = out_.size();
    blocks(fold.blocks);
    if (out_.size() == heading) out_.resize(before);  // plots only
  }
  void operator()(const Issue& issue) {
    out_ += "### " + escaped(issue.title) + " (" + escaped(issue.severity) + ", " +
            escaped(issue.state) + ")\n\n";
    if (!issue.open.empty()) open(issue.open);
    blocks(issue.blocks);
  }
  void open(const Text& place) { out_ += "**Open** " + markdown(place) + "\n\n"; }

 private:
  std::string& out_;
};

}  // namespace

std::string report_markdown(const ReportData& data) {
  const Document document = compose(data);
  std::string out = "# " + escaped(document.headline) + "\n\n";
  MarkdownWriter writer(out);
  out += "**" + escaped(document.verdict) + "** · " + code_span(document.target) + " · " +
         escaped(document.period) + "\n\n";
  if (!document.open.empty()) writer.open(document.open);
  writer.blocks(document.summary);
  for (const Section& section : document.sections) {
    const std::size_t before = out.size();
    out += "## " + escaped(section.title) + "\n\n";
    const std::size_t heading = out.size();
    writer.blocks(section.blocks);
    if (out.size() == heading) out.resize(before);
  }
  out += escaped(document.footer) + "\n";
  return out;
}

}  // namespace soakwatch
