// A small HTTP/1.1 GET client for servers that may be dead, slow or lying. One connection, kept
// alive.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/result.h"

namespace soakwatch {

// Where a server is. Exactly one of (host, port) and unix_path is set.
struct HttpEndpoint {
  std::string host;  // name or address without brackets
  std::uint16_t port = 0;
  std::string unix_path;
  std::string base_path = "/";  // begins and ends with '/'

  friend bool operator==(const HttpEndpoint&, const HttpEndpoint&) = default;
};

// "http://HOST[:PORT][/PATH]" or "unix:/PATH/TO/SOCKET". No user, query or fragment; no https.
Result<HttpEndpoint> parse_http_endpoint(std::string_view url);
// What parse_http_endpoint reads; for a Unix socket without the base path.
std::string to_string(const HttpEndpoint& endpoint);
// For a person: the URL of base_path + `path`, which on a Unix socket is "unix:/SOCKET:/PATH".
std::string url_of(const HttpEndpoint& endpoint, std::string_view path);

struct HttpResponse {
  int status = 0;
  std::string content_type;
  std::string body;
};

struct HttpLimits {
  std::chrono::milliseconds timeout{5000};  // for connect, request and response together
  std::size_t max_header_bytes = std::size_t{16} << 10;
  std::size_t max_body_bytes = std::size_t{32} << 20;
  std::vector<std::string>
      allowed_hosts;  // besides loopback; the address is checked after resolving
};

// Not thread-safe: use it from the executor's thread, one get() at a time, and do not move or
// destroy it while a get() runs. Destroying it closes the connection. The executor's context must
// outlive it.
class HttpClient {
 public:
  HttpClient(boost::asio::any_io_executor executor, HttpEndpoint endpoint, HttpLimits limits);
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;
  ~HttpClient();

  // GET of base_path + `path`. A connection that the server closed meanwhile is opened again once.
  // No redirects are followed. Errors: kUnavailable (refused, reset, host not allowed: kDenied),
  // kTimeout, kTooLarge, kInvalid (no HTTP, wrong length, an encoding that was not asked for). Any
  // status is a response.
  boost::asio::awaitable<Result<HttpResponse>> get(std::string path);

  [[nodiscard]] const HttpEndpoint& endpoint() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace soakwatch
