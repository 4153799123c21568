#include "collectors/pprof/pprof_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <string>

#include "tests/unit/collectors/http/scripted_server.h"
#include "tests/unit/collectors/pprof/fixture.h"

namespace soakwatch {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

PprofClient client_of(boost::asio::io_context& context, const ScriptedServer& server) {
  return PprofClient(context.get_executor(), server.endpoint(), {});
}

TEST(PprofClient, ReadsBothOverOneConnection) {
  boost::asio::io_context context;
  ScriptedServer server(context,
                        {{{ok(fixture("index_go1.26.html"))}, {ok(fixture("heap_go1.26.txt"))}}});
  PprofClient client = client_of(context, server);
  const Result<MetricValues> index = run(context, client.read_index());
  ASSERT_TRUE(index) << index.error().message;
  EXPECT_EQ(index->get(Metric::kGoroutines), 13);
  EXPECT_EQ(index->count(), 1);
  const Result<MetricValues> heap = run(context, client.read_heap());
  ASSERT_TRUE(heap) << heap.error().message;
  EXPECT_EQ(heap->get(Metric::kHeapAllocBytes), 67297856);
  EXPECT_EQ(server.connections(), 1);
  ASSERT_EQ(server.requests().size(), 2);
  EXPECT_THAT(server.requests()[0], StartsWith("GET /debug/pprof/ HTTP/1.1\r\n"));
  EXPECT_THAT(server.requests()[1], StartsWith("GET /debug/pprof/heap?debug=1 HTTP/1.1\r\n"));
}

TEST(PprofClient, UsesTheGivenPath) {
  boost::asio::io_context context;
  ScriptedServer server(context, {{{ok(fixture("index_go1.10.html"))}}});
  HttpEndpoint endpoint = server.endpoint();
  endpoint.base_path = "/admin/";
  PprofClient client(context.get_executor(), endpoint, {});
  EXPECT_TRUE(run(context, client.read_index()));
  EXPECT_THAT(server.requests().at(0), StartsWith("GET /admin/ HTTP/1.1\r\n"));
}

TEST(PprofClient, SaysWhichStatusCameFromWhere) {
  boost::asio::io_context context;
  ScriptedServer server(
      context, {{{with_status(404)}, {with_status(404)}, {with_status(401)}, {with_status(302)}}});
  PprofClient client = client_of(context, server);
  const std::string url = to_string(server.endpoint()) + "debug/pprof/";
  const Error missing = run(context, client.read_index()).error();
  EXPECT_EQ(missing.kind, ErrorKind::kInvalid);
  EXPECT_EQ(missing.message, "status 404 from " + url + ": is net/http/pprof served there?");
  EXPECT_THAT(run(context, client.read_heap()).error().message,
              StartsWith("status 404 from " + url + "heap?debug=1: "));
  EXPECT_THAT(run(context, client.read_index()).error().message, HasSubstr("login"));
  EXPECT_THAT(run(context, client.read_index()).error().message, HasSubstr("redirect"));
}

TEST(PprofClient, TakesNoOtherPageForAnIndexOrAHeap) {
  const std::string html = "<html><table><tr><td>5</td><td><a href=x>y</a></td></table></html>";
  boost::asio::io_context context;
  ScriptedServer server(context, {{{ok(html)}, {ok("<html></html>")}, {ok(html)}}});
  PprofClient client = client_of(context, server);
  for (int i = 0; i < 2; ++i) {
    const Error error = run(context, client.read_index()).error();
    EXPECT_EQ(error.kind, ErrorKind::kInvalid);
    EXPECT_THAT(error.message, StartsWith(to_string(server.endpoint()) + "debug/pprof/: no "));
  }
  EXPECT_EQ(run(context, client.read_heap()).error().kind, ErrorKind::kInvalid);
}

// Each has a stack, and a process only so many addresses.
TEST(PprofClient, TakesNoMoreGoroutinesThanThereCanBe) {
  const auto page = [](const std::string& count) {
    return ok("<html><table><tr><td>" + count + "</td><td><a href=x>goroutine</a></td></table>");
  };
  boost::asio::io_context context;
  ScriptedServer server(context, {{{page("137438953472")}, {page("137438953473")}, {page("-1")}}});
  PprofClient client = client_of(context, server);
  EXPECT_EQ(run(context, client.read_index()).value().get(Metric::kGoroutines), 137438953472.0);
  EXPECT_EQ(run(context, client.read_index()).error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(run(context, client.read_index()).error().kind, ErrorKind::kInvalid);
}

TEST(PprofClient, ATruncatedHeapProfileIsAnError) {
  const std::string whole = fixture("heap_go1.26.txt");
  const std::string first_lines = whole.substr(0, whole.find("# runtime.MemStats"));
  boost::asio::io_context context;
  ScriptedServer server(
      context, {{{"HTTP/1.0 200 OK\r\n\r\n" + first_lines, Answer::Then::kClose}}, {{ok(whole)}}});
  PprofClient client = client_of(context, server);
  const Error error = run(context, client.read_heap()).error();
  EXPECT_EQ(error.kind, ErrorKind::kInvalid);
  EXPECT_THAT(error.message, HasSubstr("no MemStats"));
  EXPECT_TRUE(run(context, client.read_heap()));
}

}  // namespace
}  // namespace soakwatch
