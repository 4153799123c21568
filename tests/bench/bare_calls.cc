#include "tests/bench/bare_calls.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <system_error>

namespace soakwatch::bench {
namespace {

constexpr std::size_t kProcBufferBytes = std::size_t{64} << 10;
constexpr std::size_t kMaxAnswerBytes = std::size_t{4} << 20;
constexpr std::string_view kLastChunk = "\r\n0\r\n\r\n";
constexpr timeval kAnswerTimeout{5, 0};

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

void expect(bool holds, const char* what) {
  if (!holds) fail(what);
}

}  // namespace

Descriptor::Descriptor(int fd, const std::string& what) : fd_(fd) {
  if (fd < 0) fail(what);
}

Descriptor::~Descriptor() { close(fd_); }

BareProcess::BareProcess(pid_t pid)
    : folder_(open(("/proc/" + std::to_string(pid)).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC),
              "/proc/" + std::to_string(pid)),
      stat_(openat(folder_.get(), "stat", O_RDONLY | O_CLOEXEC), "stat"),
      statm_(openat(folder_.get(), "statm", O_RDONLY | O_CLOEXEC), "statm"),
      status_(openat(folder_.get(), "status", O_RDONLY | O_CLOEXEC), "status"),
      buffer_(kProcBufferBytes) {}

void BareProcess::read_round() {
  for (const Descriptor* file : {&stat_, &statm_, &status_}) {
    expect(pread(file->get(), buffer_.data(), buffer_.size(), 0) > 0, "pread");
  }
  struct stat attributes {};
  expect(fstatat(folder_.get(), "fd", &attributes, 0) == 0, "fstatat");
}

void BareProcess::read_detail() {
  read_to_end("smaps_rollup");
  read_to_end("maps");
}

void BareProcess::read_to_end(const char* name) {
  const Descriptor file(openat(folder_.get(), name, O_RDONLY | O_CLOEXEC), name);
  while (true) {
    const ssize_t n = read(file.get(), buffer_.data(), buffer_.size());
    expect(n >= 0, name);
    if (n == 0) return;
  }
}

BareServer::BareServer(std::uint16_t port)
    : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"),
      host_("127.0.0.1:" + std::to_string(port)),
      buffer_(kMaxAnswerBytes) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // The type that connect() takes is C's way to say "any address".
  const auto* any = reinterpret_cast<const sockaddr*>(&address);
  expect(connect(socket_.get(), any, sizeof address) == 0, "connect");
  setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &kAnswerTimeout, sizeof kAnswerTimeout);
}

std::size_t BareServer::get(const std::string& path) {
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: " + host_ + "\r\n\r\n";
  const auto sent = send(socket_.get(), request.data(), request.size(), MSG_NOSIGNAL);
  expect(sent == static_cast<ssize_t>(request.size()), "send");
  std::size_t filled = 0;
  while (filled < buffer_.size()) {
    const ssize_t n = recv(socket_.get(), buffer_.data() + filled, buffer_.size() - filled, 0);
    expect(n > 0, "recv");
    filled += static_cast<std::size_t>(n);
    if (std::string_view(buffer_.data(), filled).ends_with(kLastChunk)) return filled;
  }
  errno = EMSGSIZE;
  fail("recv");
}

}  // namespace soakwatch::bench
