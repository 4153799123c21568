#include "collectors/procfs/net_tcp.h"

#include <gtest/gtest.h>

namespace soakwatch {
namespace {

const std::string kHeader =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode\n";

TEST(ParseNetTcp, FindsListenersAndLeavesOutConnections) {
  const auto sockets = parse_net_tcp(kHeader +
                                         "   0: 0100007F:17AC 00000000:0000 0A 00000000:00000000 "
                                         "00:00000000 00000000  0  0 4711 1 "
                                         "0 100 0 0 10 0\n"
                                         "   1: 0100007F:17AC 0100007F:989A 01 00000000:00000000 "
                                         "02:00000594 00000000  0  0 4712 2 "
                                         "0 20 0 0 10 -1\n",
                                     false);
  ASSERT_TRUE(sockets);
  ASSERT_EQ(sockets->size(), 1U);
  EXPECT_EQ(sockets->front().address, "127.0.0.1");
  EXPECT_EQ(sockets->front().port, 6060);
  EXPECT_EQ(sockets->front().inode, 4711U);
}

TEST(ParseNetTcp, WritesIpv6AddressesAsBound) {
  const std::string row = ":1F90 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 9 1\n";
  const std::string text = kHeader + " 0: 00000000000000000000000001000000" + row +
                           " 1: 00000000000000000000000000000000" + row +
                           " 2: 0000000000000000FFFF00000100007F" + row;
  const auto sockets = parse_net_tcp(text, true);
  ASSERT_TRUE(sockets);
  ASSERT_EQ(sockets->size(), 3U);
  EXPECT_EQ((*sockets)[0].address, "::1");
  EXPECT_EQ((*sockets)[1].address, "::");
  EXPECT_EQ((*sockets)[2].address, "::ffff:127.0.0.1");
}

TEST(ParseNetTcp, RefusesOtherTexts) {
  EXPECT_FALSE(parse_net_tcp("", false));
  EXPECT_FALSE(parse_net_tcp("<html>", false));
  for (const char* row :
       {"   0: 0100007F:17AC\n", "0: 0100007F 0:0 0A 0:0 0:0 0 0 0 1\n",
        "0: 0100007F:FFFFF 0:0 0A 0:0 0:0 0 0 0 1\n", "0: 0100007F:1 0:0 0A 0:0 0:0 0 0 0\n",
        "0: 0100007F:1 0:0 0A 0:0 0:0 0 0 0 -1\n", "0: 007F:1 0:0 0A 0:0 0:0 0 0 0 1\n"}) {
    EXPECT_FALSE(parse_net_tcp(kHeader + row, false)) << row;
  }
  EXPECT_FALSE(parse_net_tcp(kHeader + "0: 0100007F:1 0:0 0A 0:0 0:0 0 0 0 1\n", true));
  EXPECT_TRUE(parse_net_tcp(kHeader, false)->empty());
}

TEST(ParseInetRow, ReadsBothEnds) {
  const auto socket = parse_inet_row(
      "   2: 0100007F:3EBC 0200007F:1538 08 00000000:00000000 02:00000594 00000000     0        0 "
      "49801 2 00000000f6b12813 20 0 0 10 -1",
      false);
  ASSERT_TRUE(socket);
  EXPECT_EQ(socket->local_address, "127.0.0.1");
  EXPECT_EQ(socket->local_port, 16060);
  EXPECT_EQ(socket->remote_address, "127.0.0.2");
  EXPECT_EQ(socket->remote_port, 5432);
  EXPECT_EQ(socket->state, 8);
  EXPECT_EQ(socket->inode, 49801U);
}

TEST(ParseInetRow, RefusesTheHeaderAndOtherTexts) {
  for (const std::string& row :
       {kHeader, std::string(), std::string("0: 0100007F:1 0200007F 01 0:0 0:0 0 0 0 1 1"),
        std::string("0: 0100007F:1 0200007F:2 123 0:0 0:0 0 0 0 1 1"),
        std::string("0: 0100007F:1 0200007F:2 01 0:0 0:0 0 0 0 x 1")}) {
    EXPECT_FALSE(parse_inet_row(row, false)) << row;
  }
}

}  // namespace
}  // namespace soakwatch
