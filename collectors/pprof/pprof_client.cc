#include "collectors/pprof/pprof_client.h"

#include <fmt/format.h>

#include <utility>

#include "collectors/pprof/index_page.h"
#include "collectors/pprof/memstats_text.h"

namespace soakwatch {
namespace {

// A goroutine has a stack of 2 KiB at least (runtime/stack.go: stackMin), and a process 2^48 bytes
// of addresses: a server that tells of more lies.
constexpr std::uint64_t kMaxGoroutines = std::uint64_t{1} << 37;

// Where net/http/pprof serves unless the program mounts it elsewhere.
HttpEndpoint with_default_path(HttpEndpoint&& endpoint) {
  if (endpoint.base_path == "/") endpoint.base_path = "/debug/pprof/";
  return std::move(endpoint);
}

std::string hint_for(int status) {
  if (status == 401 || status == 403) return ": it wants a login, which soakwatch does not have";
  if (status >= 300 && status < 400) return ": redirects are not followed";
  return ": is net/http/pprof served there?";
}

// The body, if the answer is one of pprof's.
boost::asio::awaitable<Result<std::string>> fetch(HttpClient& http, std::string path) {
  Result<HttpResponse> response = co_await http.get(path);
  if (!response) co_return response.error();
  if (response->status != 200) {
    co_return invalid(fmt::format("status {} from {}{}", response->status,
                                  url_of(http.endpoint(), path), hint_for(response->status)));
  }
  co_return std::move(response->body);
}

}  // namespace

PprofClient::PprofClient(boost::asio::any_io_executor executor, HttpEndpoint endpoint,
                         HttpLimits limits)
    : http_(std::move(executor), with_default_path(std::move(endpoint)), std::move(limits)) {}

boost::asio::awaitable<Result<MetricValues>> PprofClient::read_index() {
  const Result<std::string> body = co_await fetch(http_, "");
  if (!body) co_return body.error();
  const Result<IndexPage> page = parse_index_page(*body);
  if (!page) co_return page.error().in(url_of(endpoint(), ""));
  const std::optional<std::uint64_t> goroutines = page->count("goroutine");
  if (!goroutines) co_return invalid("no goroutine count on the page").in(url_of(endpoint(), ""));
  if (*goroutines > kMaxGoroutines) {
    co_return invalid(fmt::format("{} goroutines cannot be", *goroutines))
        .in(url_of(endpoint(), ""));
  }
  MetricValues values;
  values.set(Metric::kGoroutines, static_cast<double>(*goroutines));
  co_return values;
}

boost::asio::awaitable<Result<MetricValues>> PprofClient::read_heap() {
  const Result<std::string> body = co_await fetch(http_, "heap?debug=1");
  if (!body) co_return body.error();
  Result<MetricValues> values = parse_memstats_text(*body);
  if (!values) co_return values.error().in(url_of(endpoint(), "heap?debug=1"));
  co_return values;
}

boost::asio::awaitable<Result<std::string>> PprofClient::fetch_profile(
    CaptureKind kind, std::chrono::seconds duration) {
  std::string path;
  switch (kind) {
    case CaptureKind::kHeap:
    case CaptureKind::kAllocs:
    case CaptureKind::kGoroutine:
      path = to_string(kind);
      break;
    case CaptureKind::kCpu:
      path = fmt::format("profile?seconds={}", duration.count());
      break;
    case CaptureKind::kTrace:
      path = fmt::format("trace?seconds={}", duration.count());
      break;
    case CaptureKind::kFds:
    case CaptureKind::kMappings:
      co_return invalid(fmt::format("{} is no profile", to_string(kind)));
  }
  co_return co_await fetch(http_, std::move(path));
}

boost::asio::awaitable<Result<std::string>> PprofClient::fetch_goroutine_dump() {
  co_return co_await fetch(http_, "goroutine?debug=2");
}

}  // namespace soakwatch
