#include <gtest/gtest.h>

#include "collectors/http/http_client.h"

namespace soakwatch {
namespace {

HttpEndpoint parsed(std::string_view url) {
  const Result<HttpEndpoint> endpoint = parse_http_endpoint(url);
  EXPECT_TRUE(endpoint) << endpoint.error().message;
  return endpoint ? *endpoint : HttpEndpoint{};
}

TEST(HttpEndpoint, ReadsHostPortAndPath) {
  EXPECT_EQ(parsed("http://127.0.0.1:6060"), (HttpEndpoint{"127.0.0.1", 6060, "", "/"}));
  EXPECT_EQ(parsed("http://localhost:1/debug/pprof"),
            (HttpEndpoint{"localhost", 1, "", "/debug/pprof/"}));
  EXPECT_EQ(parsed("http://host_a.b-c/x/"), (HttpEndpoint{"host_a.b-c", 80, "", "/x/"}));
  EXPECT_EQ(parsed("http://[::1]:65535/"), (HttpEndpoint{"::1", 65535, "", "/"}));
  EXPECT_EQ(parsed("http://[::1]"), (HttpEndpoint{"::1", 80, "", "/"}));
}

TEST(HttpEndpoint, ReadsAUnixSocket) {
  EXPECT_EQ(parsed("unix:/run/app.sock"), (HttpEndpoint{"", 0, "/run/app.sock", "/"}));
}

TEST(HttpEndpoint, IsWrittenAsItIsRead) {
  for (const char* url : {"http://127.0.0.1:6060/", "http://[::1]:6060/debug/pprof/",
                          "unix:/run/app.sock", "http://localhost:80/a/b/"}) {
    EXPECT_EQ(to_string(parsed(url)), url);
  }
}

TEST(HttpEndpoint, RefusesTheRest) {
  const std::string long_path = "unix:/" + std::string(107, 'x');
  const std::string long_url = "http://a/" + std::string(3000, 'x');
  for (const std::string_view url : {"",
                                     "127.0.0.1:6060",
                                     "https://localhost/",
                                     "ftp://localhost/",
                                     "http://",
                                     "http:///path",
                                     "http://:6060/",
                                     "http://host:/",
                                     "http://host:0/",
                                     "http://host:65536/",
                                     "http://host:6060x/",
                                     "http://host:-1/",
                                     "http://host:+1/",
                                     "http://user@host/",
                                     "http://user:pw@host/",
                                     "http://host/?q",
                                     "http://host/#f",
                                     "http://host/a b",
                                     "http://host/a\r\nX: y",
                                     "http://::1:6060/",
                                     "http://[::1/",
                                     "http://[::1]6060/",
                                     "http://[]/",
                                     "http://[localhost]/",
                                     "http://[fe80::1%25lo]/",
                                     "http://h\xc3\xb6st/",
                                     "unix:",
                                     "unix:relative",
                                     long_path.c_str(),
                                     long_url.c_str()}) {
    const Result<HttpEndpoint> endpoint = parse_http_endpoint(url);
    EXPECT_FALSE(endpoint) << url;
    if (!endpoint) {
      EXPECT_EQ(endpoint.error().kind, ErrorKind::kInvalid);
      EXPECT_FALSE(endpoint.error().message.empty());
    }
  }
  EXPECT_FALSE(parse_http_endpoint(std::string_view("unix:/a\0b", 9)));
}

}  // namespace
}  // namespace soakwatch
