#include "collectors/http/resolve_host.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "tests/unit/collectors/http/scripted_server.h"

namespace soakwatch {
namespace {

using boost::asio::ip::make_address;
using Addresses = std::vector<boost::asio::ip::address>;

Result<Addresses> resolved(const std::string& host, std::vector<std::string> allowed_hosts = {}) {
  boost::asio::io_context context;
  return run(context, resolve_host(context.get_executor(), host, std::move(allowed_hosts),
                                   std::chrono::steady_clock::now() + std::chrono::seconds(5)));
}

TEST(AllowedAddress, LoopbackAlways) {
  for (const char* ip : {"127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(is_allowed_address(make_address(ip), ip, {})) << ip;
  }
}

TEST(AllowedAddress, OthersOnlyWhenListed) {
  const std::vector<std::string> allowed = {"10.0.0.5", "2001:db8::5"};
  for (const char* ip : {"10.0.0.5", "2001:db8:0::5", "::ffff:10.0.0.5"}) {
    EXPECT_TRUE(is_allowed_address(make_address(ip), ip, allowed)) << ip;
    EXPECT_TRUE(is_allowed_address(make_address(ip), "a.name", allowed)) << ip;
  }
  for (const char* ip : {"10.0.0.6", "0.0.0.0", "::", "2001:db8::6", "169.254.169.254"}) {
    EXPECT_FALSE(is_allowed_address(make_address(ip), ip, allowed)) << ip;
  }
}

TEST(AllowedAddress, AListedNameCannotPointAnywhere) {
  const std::vector<std::string> allowed = {"Box.lan"};
  for (const char* ip : {"10.0.0.5", "192.0.2.7", "2001:db8::5"}) {
    EXPECT_TRUE(is_allowed_address(make_address(ip), "box.LAN", allowed)) << ip;
    EXPECT_FALSE(is_allowed_address(make_address(ip), "other.lan", allowed)) << ip;
  }
  for (const char* ip : {"169.254.169.254", "0.0.0.0", "0.1.2.3", "::", "224.0.0.1", "ff02::1",
                         "255.255.255.255", "fe80::1", "::ffff:169.254.169.254"}) {
    EXPECT_FALSE(is_allowed_address(make_address(ip), "box.lan", allowed)) << ip;
  }
}

TEST(ResolveHost, TakesAddressesAndLocalhostAsTheyAre) {
  EXPECT_EQ(*resolved("127.0.0.1"), Addresses{make_address("127.0.0.1")});
  EXPECT_EQ(*resolved("::ffff:127.0.0.1"), Addresses{make_address("127.0.0.1")});
  EXPECT_EQ(*resolved("LocalHost"), (Addresses{make_address("127.0.0.1"), make_address("::1")}));
  EXPECT_EQ(*resolved("192.0.2.1", {"192.0.2.1"}), Addresses{make_address("192.0.2.1")});
}

// "127.1" and the like are no addresses to inet_pton, but are to getaddrinfo, without a name
// server.
TEST(ResolveHost, LooksUpAndJudgesWhatIsAllowed) {
  EXPECT_EQ(*resolved("127.1", {"127.1"}), Addresses{make_address("127.0.0.1")});
  EXPECT_EQ(resolved("169.254.1", {"169.254.1"}).error().kind, ErrorKind::kDenied);
}

TEST(ResolveHost, DeniesWithoutALookUp) {
  EXPECT_EQ(resolved("127.1").error().kind, ErrorKind::kDenied);
  EXPECT_EQ(resolved("example.com").error().kind, ErrorKind::kDenied);
  EXPECT_EQ(resolved("").error().kind, ErrorKind::kDenied);
}

TEST(ResolveHost, KeepsTheDeadline) {
  boost::asio::io_context context;
  const Result<Addresses> addresses =
      run(context, resolve_host(context.get_executor(), "127.1", {"127.1"},
                                std::chrono::steady_clock::now() - std::chrono::seconds(1)));
  // The look-up may be the faster one; what matters is that neither hangs nor crashes.
  EXPECT_TRUE(addresses || addresses.error().kind == ErrorKind::kTimeout);
}

}  // namespace
}  // namespace soakwatch
