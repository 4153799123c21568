#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load_config.h"

namespace soakwatch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

std::vector<std::string> mistakes(std::string_view text) {
  std::vector<std::string> lines;
  for (const auto& error : parse_config(text).errors) {
    lines.push_back(fmt::format("{}:{}: {}", error.line, error.column, error.message));
  }
  return lines;
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

TEST(HostileYaml, AliasesAnchorsAndTagsAreRefused) {
  EXPECT_THAT(mistakes("log: &a {level: info}\n"),
              ElementsAre("1:6: anchors (&name) are not allowed"));
  EXPECT_THAT(mistakes("log: &a {level: info}\nalerts: *a\n"),
              testing::Contains("2:9: aliases (*name) are not allowed"));
  EXPECT_THAT(mistakes("log: !x {level: info}\n"), ElementsAre(HasSubstr("1:6: tags")));
  EXPECT_THAT(mistakes("log: {level: !!str info}\n"), ElementsAre(HasSubstr("1:14: tags")));
  EXPECT_THAT(mistakes("log: {<<: {level: info}}\n"), ElementsAre(HasSubstr("unknown key '<<'")));
}

TEST(HostileYaml, ABillionLaughsCostNothing) {
  std::string text = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 60; ++i) text += fmt::format("a{0}: &a{0} [*a{1}, *a{1}]\n", i, i - 1);
  EXPECT_THAT(mistakes(text), SizeIs(101));
}

TEST(HostileYaml, OneDocumentOnly) {
  EXPECT_THAT(mistakes("log: {}\n---\nlog: {}\n"),
              ElementsAre(HasSubstr("2:1: a second document")));
  EXPECT_THAT(mistakes("---\n---\n"), ElementsAre(HasSubstr("a second document")));
}

TEST(HostileYaml, DepthIsLimited) {
  EXPECT_THAT(mistakes(repeated("[", 65)), testing::Contains(HasSubstr("nested deeper than 64")));
  for (const char* piece :
       {"[", "{", "- ", "? ", "{a: ", "[{", "- - ", "? - ", "!a [", "&a [", "[[a,"}) {
    EXPECT_FALSE(mistakes(repeated(piece, 100000)).empty()) << piece;
  }
  std::string blocks;
  for (int i = 0; i < 1000; ++i) blocks += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  EXPECT_FALSE(mistakes(blocks).empty());
}

TEST(HostileYaml, SizeIsLimited) {
  const std::string largest = "#" + std::string((1U << 20) - 1, 'x');
  EXPECT_THAT(mistakes(largest), SizeIs(0));
  EXPECT_THAT(mistakes(largest + "x"), ElementsAre("1:1: the file is larger than 1 MiB"));
}

TEST(HostileYaml, OnlyUtf8TextIsTaken) {
  EXPECT_THAT(mistakes("log:\n  \xff"), ElementsAre("2:3: byte 0xff is no UTF-8 text"));
  EXPECT_THAT(mistakes(std::string_view("a\0b", 3)),
              ElementsAre("1:2: byte 0x00 is no UTF-8 text"));
  for (const char* text : {"\x1b[31m", "\x7f", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                           "\xe4\xbd", "\xc3", "\xff\xfe#", "\xf5\x80\x80\x80", "\x80"}) {
    EXPECT_THAT(mistakes(text), ElementsAre(HasSubstr("is no UTF-8 text")));
  }
  EXPECT_THAT(mistakes("# \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80 \xed\x9f\xbf\n"), SizeIs(0));
}

TEST(HostileYaml, SyntaxErrorsHaveAPlace) {
  EXPECT_THAT(mistakes("log: {level: info\n"), ElementsAre(HasSubstr("not valid YAML")));
  EXPECT_THAT(mistakes("a: b: c"), ElementsAre(HasSubstr("1:5: not valid YAML")));
  EXPECT_THAT(mistakes("log: \"x"), SizeIs(1));
  EXPECT_THAT(mistakes("log:\n\tlevel: info\n"), ElementsAre(HasSubstr("indented by a tab")));
}

TEST(HostileYaml, MistakesAreLimited) {
  std::string text = "log:\n";
  for (int i = 0; i < 1000; ++i) text += fmt::format("  k{}: 1\n", i);
  const auto all = mistakes(text);
  EXPECT_THAT(all, SizeIs(101));
  EXPECT_THAT(all.back(), HasSubstr("and 900 more mistakes"));
}

TEST(HostileYaml, MessagesAreFitToShow) {
  const auto all = mistakes("\"\\e[31m\\u202e\": 1\n\"" + std::string(900, 'k') + "\": 1\n");
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_THAT(all[0], testing::Not(HasSubstr("\x1b")));
  EXPECT_LT(all[1].size(), 200U);
}

TEST(HostileYaml, ManyKeysCostLittle) {
  std::string text;
  for (int i = 0; text.size() < 1000000; ++i) text += fmt::format("{}: 1\n", i);
  EXPECT_THAT(mistakes(text), SizeIs(101));
}

}  // namespace
}  // namespace soakwatch
