#include "collectors/procfs/cmdline.h"

#include <gtest/gtest.h>

namespace soakwatch {
namespace {

using namespace std::string_view_literals;

TEST(ParseCmdline, JoinsTheArguments) {
  const CommandLine line = parse_cmdline("/opt/my app/x\0--flag\0\0last\0"sv);
  EXPECT_EQ(line.argv0, "/opt/my app/x");
  EXPECT_EQ(line.joined, "/opt/my app/x --flag  last");
}

TEST(ParseCmdline, TakesTitlesAndNothing) {
  EXPECT_EQ(parse_cmdline("sshd: root@pts/0\0\0\0\0"sv).joined, "sshd: root@pts/0");
  EXPECT_EQ(parse_cmdline("").joined, "");
  EXPECT_EQ(parse_cmdline("\0\0"sv).joined, "");
}

TEST(ParseCmdline, StopsAtTheLimit) {
  EXPECT_EQ(parse_cmdline(std::string(100000, 'a')).joined.size(), kMaxCmdlineBytes);
}

TEST(FileName, IsWhatFollowsTheLastSlash) {
  EXPECT_EQ(file_name("/usr/bin/sidecar"), "sidecar");
  EXPECT_EQ(file_name("sidecar"), "sidecar");
  EXPECT_EQ(file_name("/"), "");
}

}  // namespace
}  // namespace soakwatch
