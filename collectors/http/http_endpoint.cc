#include <fmt/format.h>
#include <sys/un.h>

#include <algorithm>
#include <boost/asio/ip/address_v6.hpp>
#include <charconv>
#include <optional>

#include "collectors/http/http_client.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

constexpr std::size_t kMaxUrlBytes = 2048;
constexpr std::size_t kMaxUnixPathBytes = sizeof(sockaddr_un::sun_path) - 1;
constexpr std::uint16_t kDefaultPort = 80;

bool is_graphic(char c) { return c > ' ' && c < '\x7f'; }

bool is_host_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_';
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (failed != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

Error bad_url(std::string_view url, std::string_view why) {
  return invalid(fmt::format("'{}': {}", printable(url), why));
}

Result<HttpEndpoint> parse_unix(std::string_view url) {
  HttpEndpoint endpoint;
  endpoint.unix_path = url.substr(std::string_view("unix:").size());
  const std::string& path = endpoint.unix_path;
  if (!path.starts_with('/')) return bad_url(url, "a Unix socket is given as unix:/PATH");
  if (path.size() > kMaxUnixPathBytes) {
    return bad_url(
        url, fmt::format("the path of a Unix socket has at most {} bytes", kMaxUnixPathBytes));
  }
  if (path.find('\0') != std::string::npos) return bad_url(url, "a path has no NUL byte");
  return endpoint;
}

// "HOST[:PORT]" or "[IPV6][:PORT]".
Result<HttpEndpoint> parse_authority(std::string_view url, std::string_view authority) {
  HttpEndpoint endpoint;
  std::string_view port;
  bool has_port = false;
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return bad_url(url, "']' is missing after the address");
    endpoint.host = authority.substr(1, close - 1);
    boost::system::error_code failed;
    boost::asio::ip::make_address_v6(endpoint.host, failed);
    if (failed || endpoint.host.find('%') != std::string::npos) {
      return bad_url(url, "no IPv6 address stands between the brackets");
    }
    const std::string_view rest = authority.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return bad_url(url, "a port is written :PORT");
    has_port = !rest.empty();
    if (has_port) port = rest.substr(1);
  } else {
    const std::size_t colon = authority.find(':');
    has_port = colon != std::string_view::npos;
    endpoint.host = authority.substr(0, colon);
    if (has_port) port = authority.substr(colon + 1);
    if (endpoint.host.empty()) return bad_url(url, "the host is missing");
    if (!std::all_of(endpoint.host.begin(), endpoint.host.end(), is_host_char)) {
      return bad_url(url, "the host is neither a name nor an address (no user, IPv6 in brackets)");
    }
  }
  const std::optional<std::uint16_t> number = has_port ? parse_port(port) : kDefaultPort;
  if (!number) return bad_url(url, "the port is a number from 1 to 65535");
  endpoint.port = *number;
  return endpoint;
}

}  // namespace

Result<HttpEndpoint> parse_http_endpoint(std::string_view url) {
  if (url.size() > kMaxUrlBytes) {
    return invalid(fmt::format("a URL has at most {} bytes", kMaxUrlBytes));
  }
  if (url.starts_with("unix:")) return parse_unix(url);
  if (url.starts_with("https:")) return bad_url(url, "https is not supported, use http");
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) {
    return bad_url(url, "expected http://HOST[:PORT][/PATH] or unix:/PATH/TO/SOCKET");
  }
  if (url.find_first_of("?#") != std::string_view::npos) {
    return bad_url(url, "a query or fragment has no place here");
  }
  if (!std::all_of(url.begin(), url.end(), is_graphic)) {
    return bad_url(url, "blanks, control characters and bytes beyond ASCII have no place here");
  }
  const std::string_view rest = url.substr(kScheme.size());
  const std::size_t slash = rest.find('/');
  Result<HttpEndpoint> endpoint = parse_authority(url, rest.substr(0, slash));
  if (!endpoint) return endpoint;
  if (slash != std::string_view::npos) endpoint->base_path = rest.substr(slash);
  if (!endpoint->base_path.ends_with('/')) endpoint->base_path += '/';
  return endpoint;
}

std::string to_string(const HttpEndpoint& endpoint) {
  if (!endpoint.unix_path.empty()) return "unix:" + endpoint.unix_path;
  const bool ipv6 = endpoint.host.find(':') != std::string::npos;
  return fmt::format("http://{}{}{}:{}{}", ipv6 ? "[" : "", endpoint.host, ipv6 ? "]" : "",
                     endpoint.port, endpoint.base_path);
}

std::string url_of(const HttpEndpoint& endpoint, std::string_view path) {
  std::string url = to_string(endpoint);
  if (!endpoint.unix_path.empty()) url += ":" + endpoint.base_path;
  return printable(url.append(path));
}

}  // namespace soakwatch
