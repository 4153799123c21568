#include "collectors/pprof/pprof_client.h"

#include <fmt/format.h>

#include <utility>

#include "collectors/pprof/index_page.h"
#include "collectors/pprof/memstats_text.h"

namespace soakwatch {
namespace {

// Where net/http/pprof serves unless the program mounts it elsewhere.
HttpEndpoint with_default_path(const HttpEndpoint& given) {
  HttpEndpoint endpoint = given;
  if (endpoint.base_path == "/") endpoint.base_path = "/debug/pprof/";
  return endpoint;
}

std::string hint_for(int status) {
  if (status == 401 || status == 403) return ": it wants a login, which soakwatch does not have";
  if (status >= 300 && status < 400) return ": redirects are not followed";
  return ": is net/http/pprof served there?";
}

// The body, if the answer is one of pprof's.
Result<std::string> body_of(Result<HttpResponse> response, const std::string& url) {
  if (!response) return response.error();
  if (response->status != 200) {
    return invalid(
        fmt::format("status {} from {}{}", response->status, url, hint_for(response->status)));
  }
  return std::move(response->body);
}

}  // namespace

PprofClient::PprofClient(boost::asio::any_io_executor executor, HttpEndpoint endpoint,
                         HttpLimits limits)
    : http_(std::move(executor), with_default_path(endpoint), std::move(limits)) {}

boost::asio::awaitable<Result<MetricValues>> PprofClient::read_index() {
  const std::string url = url_of(endpoint(), "");
  Result<HttpResponse> response = co_await http_.get("");
  const Result<std::string> body = body_of(std::move(response), url);
  if (!body) co_return body.error();
  const Result<IndexPage> page = parse_index_page(*body);
  if (!page) co_return page.error().in(url);
  const std::optional<std::uint64_t> goroutines = page->count("goroutine");
  if (!goroutines) co_return invalid("no goroutine count on the page").in(url);
  MetricValues values;
  values.set(Metric::kGoroutines, static_cast<double>(*goroutines));
  co_return values;
}

boost::asio::awaitable<Result<MetricValues>> PprofClient::read_heap() {
  const std::string url = url_of(endpoint(), "heap?debug=1");
  Result<HttpResponse> response = co_await http_.get("heap?debug=1");
  const Result<std::string> body = body_of(std::move(response), url);
  if (!body) co_return body.error();
  Result<MetricValues> values = parse_memstats_text(*body);
  if (!values) co_return values.error().in(url);
  co_return values;
}

}  // namespace soakwatch
