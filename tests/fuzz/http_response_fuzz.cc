// What a server may answer to a GET: any bytes, in two pieces. They are read or refused, within the
// limits, and never waited for once the server has closed.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "collectors/http/http_client.h"

namespace {

namespace asio = boost::asio;
using soakwatch::HttpClient;
using soakwatch::HttpLimits;
using soakwatch::HttpResponse;
using soakwatch::Result;

constexpr std::size_t kMaxBodyBytes = 4096;
// Both pieces fit into the buffer of the socket, so that writing them never blocks.
constexpr std::size_t kMaxAnswerBytes = std::size_t{64} << 10;

struct Listener {
  Listener() : path("/tmp/soakwatch-fuzz-" + std::to_string(getpid())) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    unlink(path.c_str());
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
        listen(fd, 1) != 0) {
      std::abort();
    }
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() {
    close(fd);
    unlink(path.c_str());
  }
  std::string path;
  int fd = -1;
};

void send_all(int fd, std::string_view text) {
  // The client may have gone already: it needs to read no further.
  if (!text.empty()) (void)send(fd, text.data(), text.size(), MSG_NOSIGNAL);
}

asio::awaitable<void> ask(HttpClient& client, bool& done) {
  const Result<HttpResponse> response = co_await client.get("page");
  if (response && response->body.size() > kMaxBodyBytes) std::abort();
  if (!response && response.error().kind == soakwatch::ErrorKind::kTimeout) std::abort();
  done = true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Listener kListener;
  if (size == 0 || size > kMaxAnswerBytes) return 0;
  const std::string_view answer(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t first = answer.size() * data[0] / 255;

  asio::io_context context;
  HttpLimits limits;
  limits.timeout = std::chrono::minutes(1);
  limits.max_header_bytes = 1024;
  limits.max_body_bytes = kMaxBodyBytes;
  HttpClient client(context.get_executor(), {{}, 0, kListener.path, "/"}, limits);
  bool done = false;
  asio::co_spawn(context, ask(client, done), asio::detached);
  context.poll();  // connects, and sends the request
  const int server = accept4(kListener.fd, nullptr, nullptr, SOCK_CLOEXEC);
  send_all(server, answer.substr(0, first));
  context.poll();
  send_all(server, answer.substr(first));
  shutdown(server, SHUT_WR);
  context.run();
  close(server);
  if (!done) std::abort();
  return 0;
}
