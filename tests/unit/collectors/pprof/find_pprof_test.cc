#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "collectors/pprof/pprof_client.h"
#include "tests/unit/collectors/http/scripted_server.h"
#include "tests/unit/collectors/pprof/fixture.h"

namespace soakwatch {
namespace {

using std::chrono::milliseconds;
using Sockets = std::vector<ListeningSocket>;

ListeningSocket socket_of(const ScriptedServer& server, const std::string& bound_to) {
  return {bound_to, server.endpoint().port, 1};
}

ScriptedServer::Script index_page() { return {{{ok(fixture("index_go1.26.html"))}}}; }

Result<HttpEndpoint> found(boost::asio::io_context& context, const Sockets& sockets,
                           milliseconds timeout = milliseconds(5000)) {
  HttpLimits limits;
  limits.timeout = timeout;
  return run(context, find_pprof(context.get_executor(), sockets, limits));
}

TEST(FindPprof, PassesOverServersThatAreNotPprof) {
  boost::asio::io_context context;
  ScriptedServer web(context, {{{with_status(404)}}});
  ScriptedServer redis(context, {{{"-ERR unknown command\r\n", Answer::Then::kClose}}});
  ScriptedServer gone(context, {{{"", Answer::Then::kReset}}});
  ScriptedServer pprof(context, index_page());
  const Result<HttpEndpoint> endpoint = found(context, {socket_of(web, "127.0.0.1"),
                                                        socket_of(redis, "127.0.0.1"),
                                                        socket_of(gone, "127.0.0.1"),
                                                        {"127.0.0.1", 1, 1},
                                                        socket_of(pprof, "127.0.0.1")});
  ASSERT_TRUE(endpoint) << endpoint.error().message;
  EXPECT_EQ(*endpoint, (HttpEndpoint{"127.0.0.1", pprof.endpoint().port, "", "/debug/pprof/"}));
  for (const ScriptedServer* server : {&web, &redis, &gone, &pprof}) {
    EXPECT_EQ(server->requests().size(), 1);
  }
}

TEST(FindPprof, SilentServersLeaveTimeForTheOthers) {
  boost::asio::io_context context;
  std::vector<std::unique_ptr<ScriptedServer>> silent;
  Sockets sockets;
  for (int i = 0; i < 5; ++i) {
    silent.push_back(std::make_unique<ScriptedServer>(
        context, ScriptedServer::Script{{{"", Answer::Then::kHold}}}));
    sockets.push_back(socket_of(*silent.back(), "127.0.0.1"));
  }
  ScriptedServer pprof(context, index_page());
  sockets.push_back(socket_of(pprof, "127.0.0.1"));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(found(context, sockets, milliseconds(900)));
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(5000));
}

TEST(FindPprof, StopsAtTheDeadlineWithoutOne) {
  boost::asio::io_context context;
  ScriptedServer silent(context, {{{"", Answer::Then::kHold}}});
  const Result<HttpEndpoint> endpoint =
      found(context, {socket_of(silent, "127.0.0.1")}, milliseconds(100));
  ASSERT_FALSE(endpoint);
  EXPECT_EQ(endpoint.error().kind, ErrorKind::kNotFound);
}

TEST(FindPprof, AsksLoopbackForAWildcardBind) {
  for (const char* wildcard : {"0.0.0.0", "::"}) {
    boost::asio::io_context context;
    ScriptedServer pprof(context, index_page());
    const Result<HttpEndpoint> endpoint = found(context, {socket_of(pprof, wildcard)});
    ASSERT_TRUE(endpoint) << wildcard << ": " << endpoint.error().message;
    EXPECT_EQ(endpoint->host, "127.0.0.1");
  }
}

TEST(FindPprof, PrefersIpv6OnlyForAnIpv6Bind) {
  boost::asio::io_context context;
  try {
    ScriptedServer six(context, index_page(), "::1");
    EXPECT_FALSE(found(context, {socket_of(six, "0.0.0.0")})) << "::1 is another process there";
    EXPECT_EQ(six.connections(), 0);
    const Result<HttpEndpoint> endpoint = found(context, {socket_of(six, "::")});
    ASSERT_TRUE(endpoint);
    EXPECT_EQ(endpoint->host, "::1");
  } catch (const boost::system::system_error& error) {
    GTEST_SKIP() << "no ::1 on this machine: " << error.what();
  }
}

TEST(FindPprof, AsksNoOtherAddress) {
  boost::asio::io_context context;
  for (const Sockets& sockets :
       {Sockets{}, Sockets{{"192.0.2.1", 80, 1}},
        Sockets{{"nonsense", 80, 1}, {"", 80, 1}, {"169.254.1.1", 80, 1}}}) {
    const Result<HttpEndpoint> endpoint = found(context, sockets);
    ASSERT_FALSE(endpoint);
    EXPECT_EQ(endpoint.error().kind, ErrorKind::kNotFound);
  }
}

}  // namespace
}  // namespace soakwatch
