#include "collectors/procfs/listening_sockets.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>

#include "child_process.h"
#include "fixture_tree.h"

namespace soakwatch {
namespace {

TEST(ListeningSockets, FindsThoseOfOneProcess) {
  const auto root = captured_tree("linux-6.18");
  const auto process = ProcessReader::open(root, 4002, "boot");
  ASSERT_TRUE(process);
  const auto sockets = listening_sockets(root, *process);
  ASSERT_TRUE(sockets);
  ASSERT_EQ(sockets->size(), 2U);
  EXPECT_EQ(sockets->at(0).address, "127.0.0.1");
  EXPECT_EQ(sockets->at(0).port, 16060);
  EXPECT_EQ(sockets->at(1).address, "::1");
  EXPECT_EQ(sockets->at(1).port, 16061);
}

TEST(ListeningSockets, AProcessWithoutServersHasNone) {
  const auto root = captured_tree("linux-6.18");
  for (const pid_t pid : {2, 4001, 4004}) {
    const auto process = ProcessReader::open(root, pid, "boot");
    ASSERT_TRUE(process);
    EXPECT_TRUE(listening_sockets(root, *process).value().empty()) << pid;
  }
}

TEST(SharesOurNetwork, ComparesTheNamespacesWhereTheyAreReadable) {
  const auto captured = captured_tree("linux-6.18");
  EXPECT_TRUE(shares_our_network(captured, *ProcessReader::open(captured, 4002, "boot")));

  const auto root =
      std::filesystem::temp_directory_path() / ("soakwatch-netns-" + std::to_string(getpid()));
  std::filesystem::create_directories(root);
  std::filesystem::copy(
      captured / "4002", root / "4002",
      std::filesystem::copy_options::recursive | std::filesystem::copy_options::copy_symlinks);
  for (const auto& [process, ns] : {std::pair{"self", "net:[1]"}, std::pair{"4002", "net:[2]"}}) {
    std::filesystem::create_directories(root / process / "ns");
    std::filesystem::create_symlink(ns, root / process / "ns/net");
  }
  EXPECT_FALSE(shares_our_network(root, *ProcessReader::open(root, 4002, "boot")));
  std::filesystem::remove(root / "4002/ns/net");
  std::filesystem::create_symlink("net:[1]", root / "4002/ns/net");
  EXPECT_TRUE(shares_our_network(root, *ProcessReader::open(root, 4002, "boot")));
  std::filesystem::remove_all(root);
}

class Listener {
 public:
  Listener() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(fd_, generic, size) == 0 && listen(fd_, 1) == 0 &&
        getsockname(fd_, generic, &size) == 0) {
      port = ntohs(address.sin_port);
    }
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() { close(fd_); }
  std::uint16_t port = 0;

 private:
  int fd_;
};

TEST(ListeningSockets, FindsARealServer) {
  const Listener listener;
  ASSERT_NE(listener.port, 0);
  const auto process = ProcessReader::open("/proc", getpid(), "boot");
  ASSERT_TRUE(process);
  const auto sockets = listening_sockets("/proc", *process);
  ASSERT_TRUE(sockets);
  EXPECT_TRUE(std::any_of(sockets->begin(), sockets->end(), [&](const ListeningSocket& socket) {
    return socket.port == listener.port && socket.address == "127.0.0.1";
  }));
}

TEST(ListeningSockets, AnEndedProcessIsNotFound) {
  ChildProcess child(wait_for_ever);
  const auto process = ProcessReader::open("/proc", child.pid(), "boot");
  ASSERT_TRUE(process);
  child.kill_and_reap();
  EXPECT_EQ(listening_sockets("/proc", *process).error().kind, ErrorKind::kNotFound);
}

}  // namespace
}  // namespace soakwatch
