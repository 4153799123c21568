#include "collectors/http/http_client.h"

#include <fmt/format.h>
#include <sys/un.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <string_view>
#include <utility>

#include "collectors/http/resolve_host.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

// One type for TCP and Unix sockets.
using Stream = beast::basic_stream<asio::generic::stream_protocol, asio::any_io_executor>;
using StreamPtr = std::unique_ptr<Stream>;

constexpr std::size_t kReadBytes = std::size_t{64} << 10;  // what one read can take in
constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

struct Failure {
  error_code code;        // what Asio or Beast said
  bool got_some = false;  // part of an answer had come
};

using Exchanged = boost::system::result<http::response<http::string_body>, Failure>;

ErrorKind kind_of(const error_code& code) {
  if (code == beast::error::timeout) return ErrorKind::kTimeout;
  if (code == http::error::body_limit || code == http::error::header_limit ||
      code == http::error::buffer_overflow) {
    return ErrorKind::kTooLarge;
  }
  if (code == http::error::end_of_stream) return ErrorKind::kUnavailable;
  if (code.category() == error_code(http::error::end_of_stream).category()) {
    return ErrorKind::kInvalid;
  }
  if (code == boost::system::errc::permission_denied) return ErrorKind::kDenied;
  return ErrorKind::kUnavailable;
}

std::string words_of(const error_code& code, const HttpLimits& limits) {
  if (code == beast::error::timeout) {
    return fmt::format("no complete answer within {} ms", limits.timeout.count());
  }
  if (code == http::error::body_limit) {
    return fmt::format("the body is longer than {} bytes", limits.max_body_bytes);
  }
  if (code == http::error::header_limit || code == http::error::buffer_overflow) {
    return fmt::format("the header is longer than {} bytes", limits.max_header_bytes);
  }
  if (code == http::error::end_of_stream) return "the connection was closed without an answer";
  if (code == http::error::partial_message) return "the answer ended early";
  if (code == asio::error::operation_aborted) return "cancelled";
  if (kind_of(code) == ErrorKind::kInvalid) return "no valid HTTP answer: " + code.message();
  return code.message();
}

// What the server is not supposed to send, having read the request; empty when all is well.
std::string protest(const http::response<http::string_body>& response, bool bytes_left_over) {
  if (response.result_int() < 200) {
    return fmt::format("the interim status {} was not asked for", response.result_int());
  }
  const auto encodings = response.equal_range(http::field::content_encoding);
  for (auto it = encodings.first; it != encodings.second; ++it) {
    if (!it->value().empty() && !beast::iequals(it->value(), "identity")) {
      return fmt::format("the content encoding '{}' was not asked for", printable(it->value(), 40));
    }
  }
  const auto transfer = response.equal_range(http::field::transfer_encoding);
  for (auto it = transfer.first; it != transfer.second; ++it) {
    if (!beast::iequals(it->value(), "chunked")) {
      return fmt::format("the transfer encoding '{}' was not asked for",
                         printable(it->value(), 40));
    }
  }
  if (bytes_left_over) return "bytes follow the end of the answer: its length is wrong";
  return {};
}

bool is_clean_path(std::string_view path) {
  return std::all_of(path.begin(), path.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

std::string host_field(const HttpEndpoint& endpoint) {
  if (!endpoint.unix_path.empty()) return "localhost";
  const bool ipv6 = endpoint.host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", ipv6 ? "[" : "", endpoint.host, ipv6 ? "]" : "", endpoint.port);
}

// Sends the request and reads the answer. The buffer lives no longer than this, so that an idle
// connection holds no memory.
asio::awaitable<Exchanged> exchange(Stream& stream, const std::string& request,
                                    const HttpLimits& limits, std::string& complaint) {
  const auto [write_failed, written] =
      co_await asio::async_write(stream, asio::buffer(request), kAsTuple);
  if (write_failed) co_return Failure{write_failed, false};

  // The parser checks the header's length itself; the buffer bounds chunk headers and trailers.
  beast::flat_buffer buffer(limits.max_header_bytes + kReadBytes);
  buffer.reserve(kReadBytes);
  http::response_parser<http::string_body> parser;
  parser.header_limit(static_cast<std::uint32_t>(limits.max_header_bytes));
  parser.body_limit(limits.max_body_bytes);
  const auto [read_failed, received] = co_await http::async_read(stream, buffer, parser, kAsTuple);
  if (read_failed) co_return Failure{read_failed, parser.got_some()};
  complaint = protest(parser.get(), buffer.size() > 0);
  co_return parser.release();
}

// A kept-alive connection on which bytes wait before the next request is out of step: they answer
// nothing that was asked.
bool is_quiet(Stream& stream) {
  error_code failed;
  return stream.socket().available(failed) == 0 && !failed;
}

bool closed_meanwhile(const Failure& failure) {
  return !failure.got_some &&
         (failure.code == http::error::end_of_stream || failure.code == asio::error::eof ||
          failure.code == asio::error::connection_reset ||
          failure.code == asio::error::connection_aborted ||
          failure.code == asio::error::broken_pipe || failure.code == asio::error::not_connected);
}

}  // namespace

struct HttpClient::Impl {
  asio::any_io_executor executor;
  HttpEndpoint endpoint;
  HttpLimits limits;
  // Only between two requests. While one runs, the stream belongs to its coroutine, so that every
  // way out of it but success closes the connection.
  StreamPtr idle;

  [[nodiscard]] Error error(const std::string& path, ErrorKind kind, std::string message) const {
    return Error{kind, std::move(message)}.in("GET " + url_of(endpoint, path));
  }

  [[nodiscard]] Error error(const std::string& path, const error_code& code) const {
    return error(path, kind_of(code), words_of(code, limits));
  }

  [[nodiscard]] std::string request(const std::string& path) const {
    return fmt::format(
        "GET {}{} HTTP/1.1\r\nHost: {}\r\nUser-Agent: soakwatch\r\nAccept-Encoding: "
        "identity\r\n\r\n",
        endpoint.base_path, path, host_field(endpoint));
  }

  asio::awaitable<Result<std::vector<asio::generic::stream_protocol::endpoint>>> addresses(
      Clock::time_point deadline);
  asio::awaitable<Result<StreamPtr>> connect(const std::string& path, Clock::time_point deadline);
  asio::awaitable<Result<HttpResponse>> get(std::string path);
};

asio::awaitable<Result<std::vector<asio::generic::stream_protocol::endpoint>>>
HttpClient::Impl::addresses(Clock::time_point deadline) {
  std::vector<asio::generic::stream_protocol::endpoint> found;
  if (!endpoint.unix_path.empty()) {
    // Asio throws for a path that does not fit into a sockaddr_un.
    if (endpoint.unix_path.size() >= sizeof(sockaddr_un::sun_path)) {
      co_return invalid("the path of the Unix socket is too long");
    }
    found.emplace_back(asio::local::stream_protocol::endpoint(endpoint.unix_path));
    co_return found;
  }
  Result<std::vector<asio::ip::address>> resolved =
      co_await resolve_host(executor, endpoint.host, limits.allowed_hosts, deadline);
  if (!resolved) co_return resolved.error();
  for (const asio::ip::address& address : *resolved) {
    found.emplace_back(asio::ip::tcp::endpoint(address, endpoint.port));
  }
  co_return found;
}

asio::awaitable<Result<StreamPtr>> HttpClient::Impl::connect(const std::string& path,
                                                             Clock::time_point deadline) {
  Result<std::vector<asio::generic::stream_protocol::endpoint>> candidates =
      co_await addresses(deadline);
  if (!candidates) co_return error(path, candidates.error().kind, candidates.error().message);
  error_code first_failure;
  for (const asio::generic::stream_protocol::endpoint& candidate : *candidates) {
    auto stream = std::make_unique<Stream>(executor);
    stream->expires_at(deadline);
    const auto [failed] = co_await stream->async_connect(candidate, kAsTuple);
    if (!failed) co_return stream;
    if (!first_failure) first_failure = failed;
    if (failed == beast::error::timeout || failed == asio::error::operation_aborted) {
      co_return error(path, failed);
    }
  }
  co_return error(path, first_failure);
}

asio::awaitable<Result<HttpResponse>> HttpClient::Impl::get(std::string path) {
  if (!is_clean_path(endpoint.base_path) || !is_clean_path(path)) {
    co_return error(path, ErrorKind::kInvalid, "the path has characters that a URL cannot have");
  }
  const Clock::time_point deadline = Clock::now() + limits.timeout;
  const std::string get = request(path);
  StreamPtr stream = std::move(idle);
  if (stream && !is_quiet(*stream)) stream.reset();
  bool reused = stream != nullptr;
  std::string complaint;
  while (true) {
    if (!stream) {
      Result<StreamPtr> connected = co_await connect(path, deadline);
      if (!connected) co_return connected.error();
      stream = std::move(*connected);
    }
    stream->expires_at(deadline);
    Exchanged exchanged = co_await exchange(*stream, get, limits, complaint);
    if (!exchanged) {
      stream.reset();
      if (!std::exchange(reused, false) || !closed_meanwhile(exchanged.error())) {
        co_return error(path, exchanged.error().code);
      }
      continue;  // once: the second connection is not a reused one
    }
    if (!complaint.empty()) co_return error(path, ErrorKind::kInvalid, std::move(complaint));
    if (exchanged->keep_alive()) idle = std::move(stream);
    HttpResponse response;
    response.status = static_cast<int>(exchanged->result_int());
    response.content_type = exchanged->base()[http::field::content_type];
    response.body = std::move(exchanged->body());
    co_return response;
  }
}

HttpClient::HttpClient(asio::any_io_executor executor, HttpEndpoint endpoint, HttpLimits limits)
    : impl_(std::make_unique<Impl>(
          Impl{std::move(executor), std::move(endpoint), std::move(limits), nullptr})) {}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;

asio::awaitable<Result<HttpResponse>> HttpClient::get(std::string path) {
  return impl_->get(std::move(path));
}

const HttpEndpoint& HttpClient::endpoint() const { return impl_->endpoint; }

}  // namespace soakwatch
