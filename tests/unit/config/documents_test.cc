// What is written for people agrees with the tables: docs/configuration.md and the example file.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "config/keys.h"
#include "config/load_config.h"

namespace soakwatch {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

std::string file_text(const std::string& path) {
  std::ifstream in(SOAKWATCH_ROOT "/" + path);
  EXPECT_TRUE(in) << path;
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string table_row(const KeyDescription& key) {
  const bool in_words = key.default_text.starts_with('<');
  const std::string value = in_words ? key.default_text.substr(1, key.default_text.size() - 2)
                                     : "`" + key.default_text + "`";
  return fmt::format("| `{}` | {} | {} | {} | {} |", key.path, key.type, value, key.limits,
                     key.help);
}

std::string without_comments(const std::string& text) {
  std::istringstream in(text);
  std::string out;
  for (std::string line; std::getline(in, line);) {
    const std::size_t first = line.find_first_not_of(' ');
    if (first != std::string::npos && line[first] != '#') out += line + "\n";
  }
  return out;
}

// When this fails, take the rows that it prints over into the document.
TEST(ConfigurationDocument, HasTheRowOfEveryKey) {
  const std::string document = file_text("docs/configuration.md");
  for (const auto& key : describe_keys()) EXPECT_THAT(document, HasSubstr(table_row(key) + "\n"));
}

TEST(ConfigurationDocument, HasNoRowOfAnotherKey) {
  std::set<std::string> rows;
  for (const auto& key : describe_keys()) rows.insert(table_row(key));
  std::istringstream in(file_text("docs/configuration.md"));
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("| `")) {
      EXPECT_EQ(rows.count(line), 1U) << line;
    }
  }
}

// Examples in the document begin after a line "```yaml".
TEST(ConfigurationDocument, ItsExamplesAreAccepted) {
  std::istringstream in(file_text("docs/configuration.md"));
  int examples = 0;
  std::string example;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line == "```yaml") {
      inside = true;
      example.clear();
    } else if (inside && line == "```") {
      inside = false;
      ++examples;
      const auto loaded = parse_config(example);
      for (const auto& error : loaded.errors) ADD_FAILURE() << example << error.message;
      EXPECT_THAT(check_config(loaded.config), IsEmpty()) << example;
    } else if (inside) {
      example += line + "\n";
    }
  }
  EXPECT_GE(examples, 2);
}

TEST(ExampleFile, HasEveryKeyWithItsDefault) {
  const std::string example = file_text("packaging/soakwatch.yaml");
  EXPECT_EQ(without_comments(example), without_comments(show_config(Config{})));
  const auto loaded = parse_config(example);
  EXPECT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(show_config(loaded.config), show_config(Config{}));
}

TEST(ExampleFile, SaysOfEveryKeyWhatShowConfigSays) {
  const std::string example = file_text("packaging/soakwatch.yaml");
  std::istringstream in(show_config(Config{}));
  for (std::string line; std::getline(in, line);) EXPECT_THAT(example, HasSubstr(line + "\n"));
}

TEST(QuickstartFile, IsAcceptedAndSaysThatItIsForShow) {
  const std::string text = file_text("packaging/quickstart.yaml");
  const auto loaded = parse_config(text);
  for (const auto& error : loaded.errors) ADD_FAILURE() << error.line << ": " << error.message;
  EXPECT_THAT(check_config(loaded.config), IsEmpty());
  EXPECT_LT(loaded.config.detection.warm_up, DetectionConfig{}.warm_up);
  EXPECT_THAT(text.substr(0, 400), HasSubstr("shortened"));
}

}  // namespace
}  // namespace soakwatch
