// A report as a document: what it says, without how it looks. Written once (compose.h), shown as
// HTML and as Markdown. Texts are as they came: each renderer makes them safe for its language.
#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

namespace soakwatch {

// A line of text with words set apart.
class Text {
 public:
  enum class Style : unsigned char { kPlain, kStrong, kCode };
  struct Span {
    Style style = Style::kPlain;
    std::string text;
  };

  Text() = default;
  Text(std::string plain) { add(Style::kPlain, std::move(plain)); }  // NOLINT: a text is a text
  Text(const char* plain) : Text(std::string(plain)) {}              // NOLINT
  Text& plain(std::string text) { return add(Style::kPlain, std::move(text)); }
  Text& strong(std::string text) { return add(Style::kStrong, std::move(text)); }
  Text& code(std::string text) { return add(Style::kCode, std::move(text)); }
  [[nodiscard]] const std::vector<Span>& spans() const { return spans_; }
  [[nodiscard]] bool empty() const { return spans_.empty(); }

 private:
  Text& add(Style style, std::string text) {
    if (!text.empty()) spans_.push_back({style, std::move(text)});
    return *this;
  }
  std::vector<Span> spans_;
};

struct Paragraph {
  Text text;
  bool is_quiet = false;  // an aside
};

struct Fact {
  std::string label;
  Text value;
};
struct Facts {
  std::vector<Fact> facts;
};

struct Table {
  // A number stands at the right; neither it nor a word, such as a time, is broken over two lines.
  enum class Form : unsigned char { kText, kNumber, kWord };
  struct Column {
    std::string heading;
    Form form = Form::kText;
  };
  std::vector<Column> columns;
  std::vector<std::vector<Text>> rows;
};

struct BulletList {
  std::vector<Text> items;
};

// Text to be copied or read in columns; `what` says above it what it is.
struct Code {
  Text what;
  std::vector<std::string> lines;
};

// The plot of the metric with that place in ReportData::series.
struct Plot {
  std::size_t series = 0;
};

struct Block;
// What a reader may fold away.
struct Fold {
  std::string title;
  std::vector<Block> blocks;
};

// One leak: a heading of its own with what is to be opened.
struct Issue {
  std::string anchor;    // unique
  std::string severity;  // "critical"
  std::string state;     // "firing"
  std::string title;
  Text open;  // the place in the source; empty: not known
  std::vector<Block> blocks;
};

struct Block {
  std::variant<Paragraph, Facts, Table, BulletList, Code, Plot, Fold, Issue> content;
};

struct Section {
  std::string anchor;  // unique, a word
  std::string title;
  std::vector<Block> blocks;
};

struct Document {
  std::string target;
  std::string period;   // "2026-11-19 22:00 to 06:00, 8h"
  std::string verdict;  // "FAIL", "Leak"
  enum class Tone : unsigned char { kBad, kWarn, kGood, kNeutral };
  Tone tone = Tone::kNeutral;
  std::string headline;
  Text open;  // the place in the source that comes first
  std::vector<Block> summary;
  std::vector<Section> sections;
  std::string footer;
};

}  // namespace soakwatch
