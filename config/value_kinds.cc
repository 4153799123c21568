#include "config/value_kinds.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "config/digits.h"
#include "config/units.h"

namespace soakwatch {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMaxTextBytes = 4096;  // PATH_MAX; longer arguments are no configuration

void refuse(const YamlNode& node, Mistakes& mistakes, std::string message) {
  mistakes.add(node.line, node.column, std::move(message));
}

// The value when it parses and is within its limits, else nothing and a mistake.
template <class T, class Kind>
std::optional<T> accept(const Result<T>& parsed, const Kind& kind, const YamlNode& node,
                        Mistakes& mistakes) {
  if (!parsed) {
    refuse(node, mistakes, parsed.error().message);
    return std::nullopt;
  }
  if (std::string mistake = kind.check(*parsed); !mistake.empty()) {
    refuse(node, mistakes, std::move(mistake));
    return std::nullopt;
  }
  return *parsed;
}

// The text of a value that must stand without quotes: a number or a boolean.
std::optional<std::string> read_plain(const YamlNode& node, std::string_view wanted,
                                      Mistakes& mistakes) {
  auto text = read_text(node, mistakes);
  if (text && node.quoted) {
    refuse(node, mistakes, fmt::format("a {} stands without quotes", wanted));
    return std::nullopt;
  }
  return text;
}

std::string out_of_limits(std::string_view value, std::string_view limits) {
  return fmt::format("{} is out of range: {}", value, limits);
}

// Why this is no decimal number; empty when it may be one. Each case is something that a YAML
// library somewhere reads as another number than a person.
std::string number_advice(std::string_view text) {
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.size() > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9') {
    return "looks octal: leave out leading zeros";
  }
  if (digits.starts_with("0o") || digits.starts_with("0x") || digits.starts_with("0b")) {
    return "is not decimal: write it with the digits 0 to 9";
  }
  if (text.find('_') != std::string_view::npos) return "must be written without '_'";
  if (text.find(',') != std::string_view::npos) return "must be written with a point and no comma";
  if (text.ends_with('%')) return "is a percentage: write a ratio, such as 0.2 for 20%";
  if (digits.empty() || digits[0] < '0' || digits[0] > '9') return "is not a number";
  return {};
}

}  // namespace

std::string quoted_yaml(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(byte));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::optional<std::string> read_text(const YamlNode& node, Mistakes& mistakes) {
  if (node.kind == YamlNode::Kind::kScalar) return node.text;
  refuse(node, mistakes,
         node.kind == YamlNode::Kind::kNull
             ? "a value is missing"
             : fmt::format("a single value is expected, not {}", node.kind_name()));
  return std::nullopt;
}

Result<double> parse_number(std::string_view text) {
  const std::string shown = printable(text, 60);
  if (std::string advice = number_advice(text); !advice.empty()) {
    return invalid(fmt::format("'{}' {}", shown, advice));
  }
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(number)) {
    return invalid(fmt::format("'{}' is not a number", shown));
  }
  return number;
}

Result<std::int64_t> parse_count(std::string_view text) {
  const std::string shown = printable(text, 60);
  if (std::string advice = number_advice(text); !advice.empty()) {
    return invalid(fmt::format("'{}' {}", shown, advice));
  }
  if (!all_digits(text.starts_with('-') ? text.substr(1) : text)) {
    return invalid(fmt::format("'{}' is not a whole number", shown));
  }
  std::int64_t number = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc{}) {
    return invalid(fmt::format("'{}' is too large", shown));
  }
  return number;
}

std::optional<bool> BooleanKind::read(const YamlNode& node, Mistakes& mistakes) {
  const auto text = read_plain(node, type(), mistakes);
  if (!text) return std::nullopt;
  if (*text == "true") return true;
  if (*text == "false") return false;
  refuse(node, mistakes, fmt::format("'{}' is neither true nor false", printable(*text, 60)));
  return std::nullopt;
}

std::string DurationKind::limits() const { return write(least) + " to " + write(most); }
std::string DurationKind::write(milliseconds value) { return duration_text(value); }
std::string DurationKind::check(milliseconds value) const {
  return value >= least && value <= most ? std::string() : out_of_limits(write(value), limits());
}
std::optional<milliseconds> DurationKind::read(const YamlNode& node, Mistakes& mistakes) const {
  const auto text = read_text(node, mistakes);
  if (!text) return std::nullopt;
  return accept(parse_duration(*text), *this, node, mistakes);
}

std::string SizeKind::limits() const { return size_text(least) + " to " + size_text(most); }
std::string SizeKind::write(std::int64_t value) { return size_text(value); }
std::string SizeKind::check(std::int64_t value) const {
  return value >= least && value <= most ? std::string() : out_of_limits(write(value), limits());
}
std::string SizeKind::check(double value) const {
  // Compared as doubles first: a conversion of what does not fit is undefined.
  const bool fits = value >= static_cast<double>(least) && value <= static_cast<double>(most);
  return fits ? std::string() : out_of_limits(fmt::format("{}", value), limits());
}
std::optional<std::int64_t> SizeKind::read(const YamlNode& node, Mistakes& mistakes) const {
  const auto text = read_text(node, mistakes);
  if (!text) return std::nullopt;
  return accept(parse_size(*text), *this, node, mistakes);
}

std::string CountKind::limits() const { return fmt::format("{} to {}", least, most); }
std::string CountKind::write(std::int64_t value) { return fmt::format("{}", value); }
std::string CountKind::check(std::int64_t value) const {
  return value >= least && value <= most ? std::string() : out_of_limits(write(value), limits());
}
std::optional<std::int64_t> CountKind::read(const YamlNode& node, Mistakes& mistakes) const {
  const auto text = read_plain(node, type(), mistakes);
  if (!text) return std::nullopt;
  return accept(parse_count(*text), *this, node, mistakes);
}

std::string NumberKind::limits() const { return fmt::format("{} to {}", least, most); }
std::string NumberKind::write(double value) { return fmt::format("{}", value); }
std::string NumberKind::check(double value) const {
  // Written so that NaN is refused.
  return value >= least && value <= most ? std::string() : out_of_limits(write(value), limits());
}
std::optional<double> NumberKind::read(const YamlNode& node, Mistakes& mistakes) const {
  const auto text = read_plain(node, type(), mistakes);
  if (!text) return std::nullopt;
  return accept(parse_number(*text), *this, node, mistakes);
}

std::optional<std::filesystem::path> PathKind::read(const YamlNode& node, Mistakes& mistakes) {
  const auto text = read_text(node, mistakes);
  if (!text) return std::nullopt;
  return accept(Result<std::filesystem::path>(*text), PathKind{}, node, mistakes);
}
std::string PathKind::write(const std::filesystem::path& value) {
  return quoted_yaml(value.native());
}
std::string PathKind::check(const std::filesystem::path& value) {
  const std::string& text = value.native();
  if (text.size() >= kMaxTextBytes) return "a path has less than 4096 bytes";
  if (text.find_first_of(std::string_view("\0\n", 2)) != std::string::npos) {
    return "a path is one line of text";
  }
  if (text.ends_with('/')) return fmt::format("'{}' is a folder, not a file", printable(text, 60));
  if (text.starts_with('~') && !text.starts_with("~/")) {
    return "of the '~' forms only '~/' is understood";
  }
  if (text.starts_with('$'))
    return "variables are not expanded; write the path, or begin with '~/'";
  return {};
}

std::optional<std::string> TextKind::read(const YamlNode& node, Mistakes& mistakes) const {
  const auto text = read_text(node, mistakes);
  if (!text) return std::nullopt;
  return accept(Result<std::string>(*text), *this, node, mistakes);
}

std::string ListKind::limits() const { return fmt::format("at most {} items", most); }
std::optional<std::vector<std::string>> ListKind::read(const YamlNode& node,
                                                       Mistakes& mistakes) const {
  if (node.kind != YamlNode::Kind::kSequence) {
    refuse(node, mistakes,
           fmt::format("a list is expected, such as [\"a\", \"b\"], not {}", node.kind_name()));
    return std::nullopt;
  }
  if (node.items.size() > most) {
    refuse(node, mistakes, fmt::format("the list has more than {} items", most));
    return std::nullopt;
  }
  std::vector<std::string> texts;
  for (const YamlNode& item : node.items) {
    const auto text = read_text(item, mistakes);
    if (!text) continue;
    if (std::string mistake = mistake_in(*text); !mistake.empty()) {
      refuse(item, mistakes, std::move(mistake));
    } else {
      texts.push_back(*text);
    }
  }
  if (texts.size() != node.items.size()) return std::nullopt;
  return texts;
}
std::string ListKind::write(const std::vector<std::string>& value) {
  std::string out = "[";
  for (const std::string& text : value) {
    if (out.size() > 1) out += ", ";
    out += quoted_yaml(text);
  }
  return out + "]";
}
std::string ListKind::check(const std::vector<std::string>& value) const {
  if (value.size() > most) return fmt::format("has more than {} items", most);
  for (const std::string& text : value) {
    if (std::string mistake = mistake_in(text); !mistake.empty()) return mistake;
  }
  return {};
}

}  // namespace soakwatch
