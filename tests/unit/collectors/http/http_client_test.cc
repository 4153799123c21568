// The client against servers that behave.
#include "collectors/http/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <string>

#include "tests/unit/collectors/http/scripted_server.h"

namespace soakwatch {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

HttpClient client_of(boost::asio::io_context& context, const HttpEndpoint& endpoint,
                     HttpLimits limits = {}) {
  return HttpClient(context.get_executor(), endpoint, std::move(limits));
}

TEST(HttpClient, GetsABodyAndSaysWhoItIs) {
  boost::asio::io_context context;
  ScriptedServer server(context, {{{ok("hello")}}});
  HttpEndpoint endpoint = server.endpoint();
  endpoint.base_path = "/base/";
  HttpClient client = client_of(context, endpoint);
  const Result<HttpResponse> response = run(context, client.get("page?debug=1"));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->content_type, "text/plain");
  EXPECT_EQ(response->body, "hello");
  ASSERT_EQ(server.requests().size(), 1);
  const std::string& request = server.requests()[0];
  EXPECT_THAT(request, StartsWith("GET /base/page?debug=1 HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("Host: 127.0.0.1:" + std::to_string(endpoint.port) + "\r\n"));
  EXPECT_THAT(request, HasSubstr("User-Agent: soakwatch\r\n"));
  EXPECT_THAT(request, HasSubstr("Accept-Encoding: identity\r\n"));
}

TEST(HttpClient, ReadsChunkedAndUnboundedBodies) {
  boost::asio::io_context context;
  ScriptedServer server(
      context,
      {{{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"},
        {"HTTP/1.0 200 OK\r\n\r\nuntil the end", Answer::Then::kClose}}});
  HttpClient client = client_of(context, server.endpoint());
  EXPECT_EQ(run(context, client.get(""))->body, "abcde");
  EXPECT_EQ(run(context, client.get(""))->body, "until the end");
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, KeepsTheConnection) {
  boost::asio::io_context context;
  ScriptedServer server(context, {{{ok("one")}, {ok("two")}, {ok("three")}}});
  HttpClient client = client_of(context, server.endpoint());
  EXPECT_EQ(run(context, client.get(""))->body, "one");
  EXPECT_EQ(run(context, client.get(""))->body, "two");
  HttpClient moved = std::move(client);
  EXPECT_EQ(run(context, moved.get(""))->body, "three");
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, GivesUpTheConnectionWhenAskedTo) {
  boost::asio::io_context context;
  ScriptedServer server(context,
                        {{{ok("one", "Connection: close\r\n")}, {ok("wrong")}}, {{ok("two")}}});
  HttpClient client = client_of(context, server.endpoint());
  EXPECT_EQ(run(context, client.get(""))->body, "one");
  EXPECT_EQ(run(context, client.get(""))->body, "two");
  EXPECT_EQ(server.connections(), 2);
}

TEST(HttpClient, ConnectsAgainWhenTheServerClosedBetweenTwoGets) {
  boost::asio::io_context context;
  ScriptedServer server(context, {{{ok("one"), Answer::Then::kClose}}, {{ok("two")}}});
  HttpClient client = client_of(context, server.endpoint());
  EXPECT_EQ(run(context, client.get(""))->body, "one");
  const Result<HttpResponse> second = run(context, client.get(""));
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(second->body, "two");
  EXPECT_EQ(server.connections(), 2);
}

TEST(HttpClient, ConnectsAgainOnceOnly) {
  boost::asio::io_context context;
  ScriptedServer server(
      context,
      {{{ok("one"), Answer::Then::kClose}}, {{"", Answer::Then::kClose}}, {{ok("too late")}}});
  HttpClient client = client_of(context, server.endpoint());
  EXPECT_EQ(run(context, client.get(""))->body, "one");
  const Result<HttpResponse> second = run(context, client.get(""));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(server.connections(), 2);
}

TEST(HttpClient, DoesNotTakeBytesNobodyAskedForAsTheNextAnswer) {
  boost::asio::io_context context;
  ScriptedServer server(context, {{{ok("one")}, {ok("never")}}, {{ok("two")}}});
  HttpClient client = client_of(context, server.endpoint());
  EXPECT_EQ(run(context, client.get(""))->body, "one");
  server.send_unasked(ok("a lie"));
  EXPECT_EQ(run(context, client.get(""))->body, "two");
  EXPECT_EQ(server.connections(), 2);
}

TEST(HttpClient, SpeaksToAUnixSocket) {
  const std::string path =
      std::filesystem::temp_directory_path() / ("soakwatch_http_" + std::to_string(::getpid()));
  boost::asio::io_context context;
  ScriptedServer server(context, {{{ok("one")}, {ok("two")}}}, path);
  HttpClient client = client_of(context, server.endpoint());
  EXPECT_EQ(run(context, client.get("a"))->body, "one");
  EXPECT_EQ(run(context, client.get("b"))->body, "two");
  EXPECT_EQ(server.connections(), 1);
  EXPECT_THAT(server.requests().at(0), HasSubstr("Host: localhost\r\n"));
}

TEST(HttpClient, SaysThatAUnixSocketIsNotThere) {
  boost::asio::io_context context;
  HttpEndpoint endpoint;
  endpoint.unix_path = "/nonexistent/socket";
  HttpClient client = client_of(context, endpoint);
  const Result<HttpResponse> response = run(context, client.get("page"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(response.error().message, HasSubstr("GET unix:/nonexistent/socket:/page: No such"));
  endpoint.unix_path = "/" + std::string(200, 'x');
  HttpClient too_long = client_of(context, endpoint);
  EXPECT_EQ(run(context, too_long.get("")).error().kind, ErrorKind::kInvalid);
}

TEST(HttpClient, FindsLocalhostOnEitherAddress) {
  for (const char* address : {"127.0.0.1", "::1"}) {
    boost::asio::io_context context;
    try {
      ScriptedServer server(context, {{{ok("here")}}}, address);
      HttpEndpoint endpoint = server.endpoint();
      endpoint.host = "localhost";
      HttpClient client = client_of(context, endpoint);
      const Result<HttpResponse> response = run(context, client.get(""));
      ASSERT_TRUE(response) << address << ": " << response.error().message;
      EXPECT_EQ(response->body, "here");
    } catch (const boost::system::system_error& error) {
      GTEST_SKIP() << "no " << address << " on this machine: " << error.what();
    }
  }
}

TEST(HttpClient, SpeaksToAnIpv6Address) {
  boost::asio::io_context context;
  try {
    ScriptedServer server(context, {{{ok("six")}}}, "::1");
    HttpClient client = client_of(context, server.endpoint());
    EXPECT_EQ(run(context, client.get(""))->body, "six");
    EXPECT_THAT(server.requests().at(0), HasSubstr("Host: [::1]:"));
  } catch (const boost::system::system_error& error) {
    GTEST_SKIP() << "no ::1 on this machine: " << error.what();
  }
}

TEST(HttpClient, DeniesHostsThatAreNeitherLoopbackNorAllowed) {
  boost::asio::io_context context;
  for (const char* host : {"192.0.2.1", "example.com", "0.0.0.0", "::ffff:192.0.2.1"}) {
    HttpEndpoint endpoint;
    endpoint.host = host;
    endpoint.port = 9;
    HttpClient client = client_of(context, endpoint);
    const Result<HttpResponse> response = run(context, client.get(""));
    ASSERT_FALSE(response) << host;
    EXPECT_EQ(response.error().kind, ErrorKind::kDenied) << response.error().message;
    EXPECT_THAT(response.error().message, HasSubstr("allowed_hosts"));
  }
}

TEST(HttpClient, LooksUpAnAllowedName) {
  boost::asio::io_context context;
  ScriptedServer server(context, {{{ok("here")}}});
  HttpEndpoint endpoint = server.endpoint();
  endpoint.host = "127.1";  // no address to Asio, 127.0.0.1 to the resolver, without a name server
  HttpLimits limits;
  limits.allowed_hosts = {"127.1"};
  HttpClient client = client_of(context, endpoint, limits);
  EXPECT_EQ(run(context, client.get(""))->body, "here");
}

TEST(HttpClient, RefusesAPathThatWouldSplitTheRequest) {
  boost::asio::io_context context;
  ScriptedServer server(context, {{{ok("never")}}});
  HttpClient client = client_of(context, server.endpoint());
  const Result<HttpResponse> response = run(context, client.get("a HTTP/1.1\r\nX: y"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(server.connections(), 0);
}

}  // namespace
}  // namespace soakwatch
