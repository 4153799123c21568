#include "collectors/procfs/command_pattern.h"

#include <gtest/gtest.h>

#include <string>

namespace soakwatch {
namespace {

bool found(const std::string& pattern, const std::string& text) {
  return CommandPattern::compile(pattern).value().found_in(text).value();
}

TEST(CommandPattern, Searches) {
  EXPECT_TRUE(found("sidecar .*--port[= ]6060", "/opt/sidecar -v --port=6060"));
  EXPECT_TRUE(found("^/opt/(a|b)( |$)", "/opt/b"));
  EXPECT_TRUE(found("a{2,3}$", "caa"));
  EXPECT_FALSE(found("^sidecar", "/opt/sidecar"));
}

TEST(CommandPattern, RefusesMalformedExpressionsWithTheReason) {
  for (const std::string& pattern :
       {std::string(), std::string("["), std::string("(a"), std::string("*a"),
        std::string("a{2,1}"), std::string("\\"), std::string(kMaxPatternBytes + 1, 'a')}) {
    const auto compiled = CommandPattern::compile(pattern);
    ASSERT_FALSE(compiled) << pattern;
    EXPECT_EQ(compiled.error().kind, ErrorKind::kInvalid);
    EXPECT_FALSE(compiled.error().message.empty());
  }
}

TEST(CommandPattern, GivesUpOnWhatWouldTakeForEver) {
  const auto pattern = CommandPattern::compile("(a|aa)+$");
  const auto result = pattern.value().found_in(std::string(4096, 'a') + "b");
  // The text is cut at its limit, so that this one is found...
  EXPECT_TRUE(result.has_value());
  // ... and this one, where the end does not fit, is given up.
  const auto costly = CommandPattern::compile("(a|aa)+b").value().found_in(std::string(4096, 'a'));
  ASSERT_FALSE(costly);
  EXPECT_EQ(costly.error().kind, ErrorKind::kInvalid);
}

}  // namespace
}  // namespace soakwatch
