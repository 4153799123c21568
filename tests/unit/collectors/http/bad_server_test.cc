// The client against servers that are dead, slow or lying: each costs an error with its kind, in
// time, and the next get() is none the worse.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <string>

#include "collectors/http/http_client.h"
#include "tests/unit/collectors/http/scripted_server.h"

namespace soakwatch {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;

const std::string kChunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

HttpLimits short_limits() {
  HttpLimits limits;
  limits.timeout = milliseconds(150);
  limits.max_header_bytes = 4096;
  limits.max_body_bytes = 100000;
  return limits;
}

// The error of a get() that this answer brings about; then a good answer must get through.
Error error_after(Answer answer, HttpLimits limits = {}) {
  boost::asio::io_context context;
  ScriptedServer server(context, {{std::move(answer)}, {{ok("good")}}});
  HttpClient client(context.get_executor(), server.endpoint(), std::move(limits));
  const Result<HttpResponse> bad = run(context, client.get("page"));
  const Result<HttpResponse> good = run(context, client.get("page"));
  EXPECT_TRUE(good && good->body == "good") << "the next get() suffers";
  EXPECT_EQ(server.connections(), 2) << "a connection was kept after an error";
  if (bad) {
    ADD_FAILURE() << "status " << bad->status << ": " << bad->body.substr(0, 100);
    return {};
  }
  EXPECT_THAT(bad.error().message, HasSubstr("GET " + to_string(server.endpoint()) + "page: "));
  return bad.error();
}

TEST(BadServer, Refused) {
  boost::asio::io_context context;
  HttpEndpoint endpoint;
  {
    const ScriptedServer gone(context, {});
    endpoint = gone.endpoint();
  }
  HttpClient client(context.get_executor(), endpoint, {});
  const Result<HttpResponse> response = run(context, client.get(""));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(response.error().message, HasSubstr("refused"));
}

TEST(BadServer, Reset) {
  EXPECT_EQ(error_after({"", Answer::Then::kReset}).kind, ErrorKind::kUnavailable);
}

TEST(BadServer, ClosedWithoutAnAnswer) {
  EXPECT_EQ(error_after({"", Answer::Then::kClose}).kind, ErrorKind::kUnavailable);
}

TEST(BadServer, Silence) {
  EXPECT_EQ(error_after({"", Answer::Then::kHold}, short_limits()).kind, ErrorKind::kTimeout);
}

TEST(BadServer, ByteByByteDoesNotExtendTheDeadline) {
  const Clock::time_point start = Clock::now();
  EXPECT_EQ(
      error_after({ok(std::string(2000, 'x')), Answer::Then::kHold, true}, short_limits()).kind,
      ErrorKind::kTimeout);
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(10));  // the whole answer takes 20 s
}

TEST(BadServer, TheSecondConnectionGetsNoNewDeadline) {
  boost::asio::io_context context;
  ScriptedServer server(context,
                        {{{ok("one"), Answer::Then::kClose}}, {{"", Answer::Then::kHold}}});
  HttpClient client(context.get_executor(), server.endpoint(), short_limits());
  EXPECT_TRUE(run(context, client.get("")));
  const Result<HttpResponse> second = run(context, client.get(""));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kTimeout);
  EXPECT_EQ(server.connections(), 2);
}

TEST(BadServer, EndlessBody) {
  const std::string head = "HTTP/1.1 200 OK\r\n\r\n";
  const std::string body(200000, 'x');
  EXPECT_EQ(error_after({head + body, Answer::Then::kHold}, short_limits()).kind,
            ErrorKind::kTooLarge);
  EXPECT_EQ(error_after({ok(body), Answer::Then::kHold}, short_limits()).kind,
            ErrorKind::kTooLarge);
  std::string chunks = kChunked;
  for (int i = 0; i < 20; ++i) chunks += "2710\r\n" + std::string(10000, 'x') + "\r\n";
  EXPECT_EQ(error_after({chunks, Answer::Then::kHold}, short_limits()).kind, ErrorKind::kTooLarge);
}

TEST(BadServer, ABodyAtTheLimitIsFine) {
  boost::asio::io_context context;
  ScriptedServer server(context, {{{ok(std::string(100000, 'x'))}}});
  HttpClient client(context.get_executor(), server.endpoint(), short_limits());
  const Result<HttpResponse> response = run(context, client.get(""));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body.size(), 100000);
}

TEST(BadServer, EndlessHeader) {
  Answer field{"HTTP/1.1 200 OK\r\nX: " + std::string(200000, 'x'), Answer::Then::kHold};
  EXPECT_EQ(error_after(field, short_limits()).kind, ErrorKind::kTooLarge);
  Answer fields{"HTTP/1.1 200 OK\r\n", Answer::Then::kHold};
  for (int i = 0; i < 20000; ++i) fields.bytes += "X: y\r\n";
  EXPECT_EQ(error_after(fields, short_limits()).kind, ErrorKind::kTooLarge);
}

TEST(BadServer, EndlessChunkHeader) {
  Answer extension{kChunked + "1;" + std::string(200000, 'x'), Answer::Then::kHold};
  EXPECT_EQ(error_after(extension, short_limits()).kind, ErrorKind::kTooLarge);
  Answer trailer{kChunked + "1\r\nx\r\n0\r\n", Answer::Then::kHold};
  for (int i = 0; i < 20000; ++i) trailer.bytes += "X: yyyyyyyyyy\r\n";
  EXPECT_EQ(error_after(trailer, short_limits()).kind, ErrorKind::kTooLarge);
}

TEST(BadServer, NeverEndingStream) {
  // What follows the first header is a body that ends with the connection, that is never.
  Answer answer{"HTTP/1.1 200 OK\r\n\r\n" + std::string(10000, 'x'), Answer::Then::kHold, false,
                true};
  EXPECT_EQ(error_after(answer, short_limits()).kind, ErrorKind::kTooLarge);
}

TEST(BadServer, LengthTooLong) {
  const std::string text = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort";
  EXPECT_EQ(error_after({text, Answer::Then::kClose}).kind, ErrorKind::kInvalid);
  EXPECT_EQ(error_after({text, Answer::Then::kHold}, short_limits()).kind, ErrorKind::kTimeout);
}

TEST(BadServer, LengthTooShort) {
  EXPECT_EQ(error_after({"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nlonger"}).kind,
            ErrorKind::kInvalid);
}

TEST(BadServer, LengthThatIsNone) {
  for (const char* length : {"-1", "x", "18446744073709551616", "1, 2"}) {
    const std::string text =
        "HTTP/1.1 200 OK\r\nContent-Length: " + std::string(length) + "\r\n\r\nbody";
    EXPECT_EQ(error_after({text, Answer::Then::kClose}).kind, ErrorKind::kInvalid) << length;
  }
  EXPECT_EQ(
      error_after({"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nbody"}).kind,
      ErrorKind::kTooLarge);
}

TEST(BadServer, BadChunks) {
  for (const char* chunks : {"x\r\nabc\r\n0\r\n\r\n", "-3\r\nabc\r\n0\r\n\r\n",
                             "3\r\nabcd\r\n0\r\n\r\n", "fffffffffffffffff\r\nabc\r\n0\r\n\r\n"}) {
    EXPECT_EQ(error_after({kChunked + chunks, Answer::Then::kClose}).kind, ErrorKind::kInvalid)
        << chunks;
  }
  EXPECT_EQ(error_after({kChunked + "3\r\nab", Answer::Then::kClose}).kind, ErrorKind::kInvalid);
  EXPECT_EQ(error_after({kChunked + "3\r\nabc\r\n", Answer::Then::kClose}).kind,
            ErrorKind::kInvalid);
}

TEST(BadServer, EncodingThatWasNotAskedFor) {
  EXPECT_EQ(error_after({ok("\x1f\x8b...", "Content-Encoding: gzip\r\n")}).kind,
            ErrorKind::kInvalid);
  EXPECT_EQ(error_after({ok("a", "Content-Encoding: identity\r\nContent-Encoding: br\r\n")}).kind,
            ErrorKind::kInvalid);
  EXPECT_EQ(error_after({"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
                         "3\r\nabc\r\n0\r\n\r\n"})
                .kind,
            ErrorKind::kInvalid);
}

TEST(BadServer, IdentityIsWhatWasAskedFor) {
  boost::asio::io_context context;
  ScriptedServer server(context, {{{ok("plain", "Content-Encoding: identity\r\n")}}});
  HttpClient client(context.get_executor(), server.endpoint(), {});
  EXPECT_EQ(run(context, client.get(""))->body, "plain");
}

TEST(BadServer, NotHttp) {
  for (const char* text : {"-ERR unknown command\r\n", "SSH-2.0-OpenSSH_9.2\r\n\r\n",
                           "<html>hello</html>", "\x15\x03\x01\x00\x02\x02\x16"}) {
    EXPECT_EQ(error_after({text, Answer::Then::kClose}).kind, ErrorKind::kInvalid) << text;
  }
  EXPECT_EQ(error_after({"HTTP/1.1 100 Continue\r\n\r\n"}).kind, ErrorKind::kInvalid);
}

TEST(BadServer, AnyStatusIsAnAnswerAndRedirectsAreNotFollowed) {
  boost::asio::io_context context;
  ScriptedServer server(context, {{{with_status(404)},
                                   {with_status(401)},
                                   {with_status(302, "Location: http://127.0.0.1/else\r\n")},
                                   {with_status(500)}}});
  HttpClient client(context.get_executor(), server.endpoint(), {});
  for (const int status : {404, 401, 302, 500}) {
    const Result<HttpResponse> response = run(context, client.get(""));
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->status, status);
    EXPECT_EQ(response->body, "body");
  }
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(server.requests().size(), 4);
}

struct Ended {
  bool done = false;
  Result<HttpResponse> result = Error{};
};

// Starts a get() and runs until the server has read the request, to which it never answers.
void start_hanging_get(boost::asio::io_context& context, const ScriptedServer& server,
                       HttpClient& client, Ended& ended, boost::asio::cancellation_signal& signal) {
  boost::asio::co_spawn(
      context, client.get(""),
      boost::asio::bind_cancellation_slot(
          signal.slot(), [&ended](const std::exception_ptr& thrown, Result<HttpResponse> result) {
            ended.done = true;
            if (!thrown) ended.result = std::move(result);
          }));
  while (server.requests().empty()) context.run_one();
}

TEST(BadServer, CancellationEndsAGet) {
  boost::asio::io_context context;
  ScriptedServer server(context, {{{"", Answer::Then::kHold}}, {{ok("good")}}});
  HttpClient client(context.get_executor(), server.endpoint(), {});
  boost::asio::cancellation_signal signal;
  Ended ended;
  start_hanging_get(context, server, client, ended, signal);
  signal.emit(boost::asio::cancellation_type::terminal);
  while (!ended.done) context.run_one();
  EXPECT_FALSE(ended.result);
  EXPECT_EQ(run(context, client.get(""))->body, "good");
}

TEST(BadServer, TheContextMayGoWhileAGetRuns) {
  boost::asio::cancellation_signal signal;
  Ended ended;
  boost::asio::io_context context;
  ScriptedServer server(context, {{{"", Answer::Then::kHold}}});
  HttpClient client(context.get_executor(), server.endpoint(), {});
  start_hanging_get(context, server, client, ended, signal);
  EXPECT_FALSE(ended.done);
}

}  // namespace
}  // namespace soakwatch
