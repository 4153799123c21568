#include "config/yaml_tree.h"

#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <optional>
#include <set>
#include <streambuf>
#include <utility>

#include "model/printable.h"

namespace soakwatch {
namespace {

// Thrown through yaml-cpp to end the parse: it has no other way to be stopped.
struct StopParsing {};

class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(Mistakes& mistakes) : mistakes_(mistakes) {}

  YamlNode take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) {
      mistakes_.add(mark.line + 1, mark.column + 1,
                    "a second document begins here; one is allowed");
      throw StopParsing{};
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    // yaml-cpp puts the mark of an absent value at the next token: the key is where to look.
    const bool is_value = !open_.empty() && open_.back().key;
    YamlNode node = is_value ? at(open_.back().key->line, open_.back().key->column)
                             : at(mark.line + 1, mark.column + 1);
    finish(std::move(node));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    mistakes_.add(mark.line + 1, mark.column + 1, "aliases (*name) are not allowed");
    finish(at(mark.line + 1, mark.column + 1));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    YamlNode node = at(mark.line + 1, mark.column + 1);
    node.kind = YamlNode::Kind::kScalar;
    node.text = value;
    node.quoted = tag == "!";
    finish(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    begin(YamlNode::Kind::kSequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    begin(YamlNode::Kind::kMap, mark, tag, anchor);
  }
  void OnMapEnd() override { end(); }

 private:
  // A list or a section whose end has not come yet.
  struct Open {
    YamlNode node;
    std::optional<YamlNode> key;  // kMap: the key that waits for its value
    std::set<std::string> keys;
  };

  static YamlNode at(int line, int column) {
    YamlNode node;
    node.line = line;
    node.column = column;
    return node;
  }

  void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0) {
      mistakes_.add(mark.line + 1, mark.column + 1, "anchors (&name) are not allowed");
    }
  }
  // "?" is a plain node, "!" one in quotes; everything else was written as a tag.
  void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    mistakes_.add(mark.line + 1, mark.column + 1,
                  fmt::format("tags (!name) are not allowed: {}", printable(tag, 40)));
  }

  void begin(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
             YAML::anchor_t anchor) {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    if (open_.size() >= static_cast<std::size_t>(kMaxConfigDepthLevels)) {
      mistakes_.add(mark.line + 1, mark.column + 1,
                    fmt::format("nested deeper than {} levels", kMaxConfigDepthLevels));
      throw StopParsing{};
    }
    Open open;
    open.node = at(mark.line + 1, mark.column + 1);
    open.node.kind = kind;
    open_.push_back(std::move(open));
  }

  void end() {
    YamlNode node = std::move(open_.back().node);
    open_.pop_back();
    finish(std::move(node));
  }

  // A complete node goes to its place: the root, an item, a key, or the value of the waiting key.
  void finish(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == YamlNode::Kind::kSequence) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.key) {
      parent.key = std::move(node);
    } else {
      add_entry(parent, std::move(node));
    }
  }

  void add_entry(Open& parent, YamlNode value) {
    YamlNode key = *std::move(parent.key);
    parent.key.reset();
    if (key.kind != YamlNode::Kind::kScalar) {
      mistakes_.add(key.line, key.column, fmt::format("a key is a word, not {}", key.kind_name()));
    } else if (!parent.keys.insert(key.text).second) {
      mistakes_.add(
          key.line, key.column,
          fmt::format("the key '{}' stands here for the second time", printable(key.text, 60)));
    } else {
      parent.node.entries.push_back({std::move(key), std::move(value)});
    }
  }

  Mistakes& mistakes_;
  std::vector<Open> open_;
  YamlNode root_;
  int documents_ = 0;
};

// An istream over text that is not copied.
class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // only ever read: no put area is set
    setg(begin, begin, begin + text.size());
  }
};

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

// The length of the well-formed UTF-8 character at `at`, table 3-7 of the Unicode standard; 0 when
// there is none, or a control character that YAML does not allow.
std::size_t character_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  const unsigned lead = byte(0);
  if (lead < 0x80) {
    const bool control = lead < 0x20 && lead != '\t' && lead != '\n' && lead != '\r';
    return control || lead == 0x7F ? 0 : 1;
  }
  const unsigned second = byte(1);
  if (lead >= 0xC2 && lead <= 0xDF) return (second & 0xC0U) == 0x80 ? 2 : 0;
  const unsigned least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  const std::size_t length = lead >= 0xE0 && lead <= 0xEF   ? 3
                             : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                            : 0;
  if (length == 0 || second < least || second > most) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (at + i >= text.size() || !is_continuation(text[at + i])) return 0;
  }
  return length;
}

// False, with a mistake, when `text` holds something that is no text.
bool check_characters(std::string_view text, Mistakes& mistakes) {
  int line = 1;
  std::size_t line_start = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = character_length(text, at);
    if (length == 0) {
      mistakes.add(line, static_cast<int>(at - line_start) + 1,
                   fmt::format("byte 0x{:02x} is no UTF-8 text",
                               static_cast<unsigned>(static_cast<unsigned char>(text[at]))));
      return false;
    }
    if (text[at] == '\n') {
      ++line;
      line_start = at + 1;
    }
    at += length;
  }
  return true;
}

bool is_indented_by_tab(std::string_view text, int line) {
  for (int i = 1; i < line && !text.empty(); ++i) {
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  }
  const std::size_t first = text.find_first_not_of(' ');
  return first != std::string_view::npos && text[first] == '\t';
}

}  // namespace

void Mistakes::add(int line, int column, std::string message) {
  if (errors_.size() >= kMaxMistakes) {
    ++left_out_;
    return;
  }
  errors_.push_back({line, column, std::move(message)});
}

std::vector<ConfigError> Mistakes::take() {
  std::stable_sort(errors_.begin(), errors_.end(), [](const ConfigError& a, const ConfigError& b) {
    return a.line != b.line ? a.line < b.line : a.column < b.column;
  });
  if (left_out_ > 0) {
    const ConfigError last = errors_.back();
    errors_.push_back({last.line, last.column, fmt::format("and {} more mistakes", left_out_)});
  }
  return std::move(errors_);
}

std::string_view YamlNode::kind_name() const {
  switch (kind) {
    case Kind::kNull:
      return "nothing";
    case Kind::kScalar:
      return "a single value";
    case Kind::kSequence:
      return "a list";
    case Kind::kMap:
      return "a section";
  }
  return "unknown";
}

YamlNode parse_yaml(std::string_view text, Mistakes& mistakes) {
  if (text.size() > kMaxConfigBytes) {
    mistakes.add(1, 1, "the file is larger than 1 MiB");
    return {};
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // byte order mark
  if (!check_characters(text, mistakes)) return {};
  TreeBuilder builder(mistakes);
  try {
    ViewBuffer buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
    return builder.take_root();
  } catch (const StopParsing&) {  // said why already
  } catch (const YAML::DeepRecursion& error) {
    mistakes.add(error.mark.line + 1, error.mark.column + 1, "nested too deep");
  } catch (const YAML::Exception& error) {
    const int line = std::max(error.mark.line, 0) + 1;
    mistakes.add(line, std::max(error.mark.column, 0) + 1,
                 fmt::format("not valid YAML: {}{}", printable(error.msg),
                             is_indented_by_tab(text, line)
                                 ? "; the line is indented by a tab, which takes blanks"
                                 : ""));
  }
  return {};
}

}  // namespace soakwatch
