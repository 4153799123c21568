// The kinds of values a configuration key can have. Each kind knows how its values are read from
// YAML, written as YAML, limited, and named in the documentation. A kind has:
//   type()    "duration", "size", ...: as docs/configuration.md names it
//   limits()  "100ms to 1h"; empty where there are none
//   read()    the value, or nothing with a mistake that says what to write instead
//   write()   YAML text on one line that read() takes back
//   check()   what is wrong with a value that is not within limits(); empty when it is fine
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/suggest.h"
#include "config/yaml_tree.h"
#include "model/printable.h"
#include "model/result.h"

namespace soakwatch {

// Text in double quotes, escaped as YAML wants it.
std::string quoted_yaml(std::string_view text);

// A single value as it stands, quoted or not. A list, a section or nothing is a mistake.
std::optional<std::string> read_text(const YamlNode& node, Mistakes& mistakes);

// A plain decimal number. Refused with advice: quotes, octal-looking 010, 0o10, 0x10, 1_000, 50%,
// infinity.
Result<double> parse_number(std::string_view text);
Result<std::int64_t> parse_count(std::string_view text);

struct BooleanKind {
  [[nodiscard]] static std::string_view type() { return "true or false"; }
  [[nodiscard]] static std::string limits() { return {}; }
  [[nodiscard]] static std::optional<bool> read(const YamlNode& node, Mistakes& mistakes);
  [[nodiscard]] static std::string write(bool value) { return value ? "true" : "false"; }
  [[nodiscard]] static std::string check(bool) { return {}; }
};

struct DurationKind {
  std::chrono::milliseconds least, most;
  [[nodiscard]] static std::string_view type() { return "duration"; }
  [[nodiscard]] std::string limits() const;
  [[nodiscard]] std::optional<std::chrono::milliseconds> read(const YamlNode& node,
                                                              Mistakes& mistakes) const;
  [[nodiscard]] static std::string write(std::chrono::milliseconds value);
  [[nodiscard]] std::string check(std::chrono::milliseconds value) const;
};

// Bytes; held as std::int64_t or as double.
struct SizeKind {
  std::int64_t least, most;
  [[nodiscard]] static std::string_view type() { return "size"; }
  [[nodiscard]] std::string limits() const;
  [[nodiscard]] std::optional<std::int64_t> read(const YamlNode& node, Mistakes& mistakes) const;
  [[nodiscard]] static std::string write(std::int64_t value);
  [[nodiscard]] static std::string write(double value) {
    return write(static_cast<std::int64_t>(value));
  }
  [[nodiscard]] std::string check(std::int64_t value) const;
  [[nodiscard]] std::string check(double value) const;
};

// A whole number.
struct CountKind {
  std::int64_t least, most;
  [[nodiscard]] static std::string_view type() { return "whole number"; }
  [[nodiscard]] std::string limits() const;
  [[nodiscard]] std::optional<std::int64_t> read(const YamlNode& node, Mistakes& mistakes) const;
  [[nodiscard]] static std::string write(std::int64_t value);
  [[nodiscard]] std::string check(std::int64_t value) const;
};

// A number, or a ratio where 1 is the whole.
struct NumberKind {
  double least, most;
  std::string_view name = "number";
  [[nodiscard]] std::string_view type() const { return name; }
  [[nodiscard]] std::string limits() const;
  [[nodiscard]] std::optional<double> read(const YamlNode& node, Mistakes& mistakes) const;
  [[nodiscard]] static std::string write(double value);
  [[nodiscard]] std::string check(double value) const;
};

// One word of several. T is what the word stands for.
template <class T>
struct ChoiceKind {
  std::vector<std::pair<std::string_view, T>> choices;

  [[nodiscard]] static std::string_view type() { return "word"; }
  [[nodiscard]] std::string limits() const { return fmt::format("{}", fmt::join(words(), ", ")); }
  [[nodiscard]] std::optional<T> read(const YamlNode& node, Mistakes& mistakes) const {
    const auto text = read_text(node, mistakes);
    if (!text) return std::nullopt;
    for (const auto& [word, value] : choices) {
      if (word == *text) return value;
    }
    mistakes.add(node.line, node.column,
                 fmt::format("'{}' is none of: {}{}", printable(*text, 60), limits(),
                             did_you_mean(*text, words())));
    return std::nullopt;
  }
  [[nodiscard]] std::string write(const T& value) const {
    for (const auto& [word, choice] : choices) {
      if (choice == value) return std::string(word);
    }
    return "unknown";
  }
  [[nodiscard]] std::string check(const T& value) const {
    for (const auto& [word, choice] : choices) {
      if (choice == value) return {};
    }
    return fmt::format("must be one of: {}", limits());
  }

 private:
  [[nodiscard]] std::vector<std::string_view> words() const {
    std::vector<std::string_view> all;
    for (const auto& [word, value] : choices) all.push_back(word);
    return all;
  }
};

// A file; empty means off or the default. "~/" stays as it is here (see expand_home).
struct PathKind {
  [[nodiscard]] static std::string_view type() { return "path"; }
  [[nodiscard]] static std::string limits() { return {}; }
  [[nodiscard]] static std::optional<std::filesystem::path> read(const YamlNode& node,
                                                                 Mistakes& mistakes);
  [[nodiscard]] static std::string write(const std::filesystem::path& value);
  [[nodiscard]] static std::string check(const std::filesystem::path& value);
};

// One text, by a rule of its own.
struct TextKind {
  std::string_view name;
  std::string (*mistake_in)(std::string_view text);  // empty when it is fine
  [[nodiscard]] std::string_view type() const { return name; }
  [[nodiscard]] static std::string limits() { return {}; }
  [[nodiscard]] std::optional<std::string> read(const YamlNode& node, Mistakes& mistakes) const;
  [[nodiscard]] static std::string write(const std::string& value) { return quoted_yaml(value); }
  [[nodiscard]] std::string check(const std::string& value) const { return mistake_in(value); }
};

// A list of texts.
struct ListKind {
  std::size_t most;  // items
  std::string (*mistake_in)(std::string_view text);
  [[nodiscard]] static std::string_view type() { return "list"; }
  [[nodiscard]] std::string limits() const;
  [[nodiscard]] std::optional<std::vector<std::string>> read(const YamlNode& node,
                                                             Mistakes& mistakes) const;
  [[nodiscard]] static std::string write(const std::vector<std::string>& value);
  [[nodiscard]] std::string check(const std::vector<std::string>& value) const;
};

}  // namespace soakwatch
