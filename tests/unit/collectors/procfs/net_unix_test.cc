#include "collectors/procfs/net_unix.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

namespace soakwatch {
namespace {

TEST(ParseUnixRow, ReadsAListener) {
  const auto socket = parse_unix_row(
      "000000000e2a3ff9: 00000002 00000000 00010000 0001 01 2007058 /run/my app.sock");
  ASSERT_TRUE(socket);
  EXPECT_TRUE(socket->listening);
  EXPECT_EQ(socket->type, SOCK_STREAM);
  EXPECT_EQ(socket->state, 1);
  EXPECT_EQ(socket->inode, 2007058U);
  EXPECT_EQ(socket->path, "/run/my app.sock");
}

TEST(ParseUnixRow, ReadsOneWithoutAName) {
  const auto socket = parse_unix_row("0000000046c6a892: 00000003 00000000 00000000 0002 03  1522");
  ASSERT_TRUE(socket);
  EXPECT_FALSE(socket->listening);
  EXPECT_EQ(socket->type, SOCK_DGRAM);
  EXPECT_EQ(socket->state, 3);
  EXPECT_EQ(socket->inode, 1522U);
  EXPECT_EQ(socket->path, "");
}

TEST(ParseUnixRow, RefusesTheHeaderAndOtherTexts) {
  for (const char* row :
       {"Num       RefCount Protocol Flags    Type St Inode Path", "", "0: 2 0 zz 1 1 5",
        "0: 2 0 0 1 1", "0: 2 0 0 1 1 -5", "0: 2 0 0 1ff 1 5"}) {
    EXPECT_FALSE(parse_unix_row(row)) << row;
  }
}

}  // namespace
}  // namespace soakwatch
