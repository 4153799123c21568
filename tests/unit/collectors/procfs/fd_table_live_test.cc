// Descriptors and mappings of real processes.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <filesystem>

#include "child_process.h"
#include "collectors/procfs/process_reader.h"
#include "fixture_tree.h"

namespace soakwatch {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;

// Open as long as the test runs.
class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) { EXPECT_GE(fd, 0); }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { close_now(); }
  void close_now() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

ProcessReader own_reader() { return ProcessReader::open("/proc", getpid(), "boot").value(); }

// The line of a descriptor without its newline; empty: not listed.
std::string line_of(const std::string& table, int fd) {
  const std::string begin = "\n" + std::to_string(fd) + "\t";
  const std::size_t at = table.find(begin);
  if (at == std::string::npos) return {};
  return table.substr(at + 1, table.find('\n', at + 1) - at - 1);
}

const sockaddr* general(const sockaddr_in& address) {
  return static_cast<const sockaddr*>(static_cast<const void*>(&address));
}

TEST(LiveFdTable, KnowsFilesPipesAndTheKernelsOwn) {
  const WrittenTree tree;
  tree.write("kept", "x");
  tree.write("gone", "x");
  const Fd kept(open((tree.root() / "kept").c_str(), O_RDONLY | O_CLOEXEC));
  const Fd gone(open((tree.root() / "gone").c_str(), O_RDONLY | O_CLOEXEC));
  std::filesystem::remove(tree.root() / "gone");
  const Fd folder(open(tree.root().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const Fd event(eventfd(0, EFD_CLOEXEC));
  const std::string text = own_reader().read_fd_table().value();
  const std::string root = tree.root().string();
  const std::string dashes = "\t-\t-\t-\t-\t";
  EXPECT_THAT(line_of(text, kept.get()), EndsWith("\tREG" + dashes + root + "/kept"));
  EXPECT_THAT(line_of(text, gone.get()), EndsWith("\tREG" + dashes + root + "/gone (deleted)"));
  EXPECT_THAT(line_of(text, folder.get()), EndsWith("\tDIR" + dashes + root));
  EXPECT_THAT(line_of(text, event.get()), EndsWith("\tanon" + dashes + "anon_inode:[eventfd]"));
}

TEST(LiveFdTable, KnowsWhoIsAtTheOtherEnd) {
  const Fd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  ASSERT_EQ(bind(listener.get(), general(address), length), 0);
  ASSERT_EQ(listen(listener.get(), 1), 0);
  ASSERT_EQ(getsockname(listener.get(), const_cast<sockaddr*>(general(address)), &length), 0);
  const Fd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(connect(client.get(), general(address), length), 0);
  Fd accepted(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  const std::string server = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));

  const std::string text = own_reader().read_fd_table().value();
  EXPECT_THAT(line_of(text, listener.get()), HasSubstr("\tSOCK\ttcp\t" + server + "\t-\tLISTEN\t"));
  EXPECT_THAT(line_of(text, client.get()), HasSubstr("\t" + server + "\tESTABLISHED\tsocket:["));
  EXPECT_THAT(line_of(text, accepted.get()), HasSubstr("\tSOCK\ttcp\t" + server + "\t127.0.0.1:"));
  accepted.close_now();
  char byte = 0;
  EXPECT_EQ(read(client.get(), &byte, 1), 0);  // the other end's FIN is here
  EXPECT_THAT(line_of(own_reader().read_fd_table().value(), client.get()),
              HasSubstr("\t" + server + "\tCLOSE_WAIT\tsocket:["));
}

TEST(LiveFdTable, KnowsSocketsThatStandInNoTable) {
  const Fd tcp(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Fd netlink(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0));
  const Fd local(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  const std::string text = own_reader().read_fd_table().value();
  EXPECT_THAT(line_of(text, tcp.get()), HasSubstr("\tSOCK\ttcp\t-\t-\t-\tsocket:["));
  EXPECT_THAT(line_of(text, netlink.get()), HasSubstr("\tSOCK\tnetlink\t-\t-\t-\tsocket:["));
  EXPECT_THAT(line_of(text, local.get()), HasSubstr("\tunix-seqpacket\t-\t-\tUNCONNECTED\t"));
  EXPECT_THAT(text, EndsWith("tables_missing=-\n"));
}

TEST(LiveFdTable, OfAnEndedProcessIsNotFound) {
  ChildProcess child(wait_for_ever);
  const auto reader = ProcessReader::open("/proc", child.pid(), "boot");
  ASSERT_TRUE(reader);
  ASSERT_TRUE(reader->read_fd_table());
  ASSERT_TRUE(reader->read_smaps());
  child.kill_only();
  EXPECT_EQ(reader->read_fd_table().error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(reader->read_smaps().error().kind, ErrorKind::kNotFound);
}

TEST(LiveSmaps, IsTheTextOfTheKernel) {
  constexpr std::size_t kBytes = std::size_t{1} << 20;
  void* const block =
      mmap(nullptr, kBytes, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(block, MAP_FAILED);
  const std::string text = own_reader().read_smaps().value();
  EXPECT_THAT(text.substr(0, text.find('\n')), MatchesRegex("[0-9a-f]+-[0-9a-f]+ [rwxp-]+ .*"));
  EXPECT_THAT(text, HasSubstr("[stack]"));
  EXPECT_THAT(text, HasSubstr("Rss:"));
  EXPECT_EQ(text.back(), '\n');
  munmap(block, kBytes);
}

// A stranger is refused rather than told that there is nothing.
TEST(LiveFdTable, OfAnotherUserIsDenied) {
  const bool root = geteuid() == 0;
  const pid_t watched = root ? getpid() : 1;
  enum Answer { kRight = 10, kHidden, kPrivileged, kWrong };
  ChildProcess child([&](int) {
    if (root && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(kPrivileged);
    const auto reader = ProcessReader::open("/proc", watched, "boot");
    if (!reader) _exit(kHidden);
    const auto fds = reader->read_fd_table();
    const auto smaps = reader->read_smaps();
    const bool right = !fds && fds.error().kind == ErrorKind::kDenied && !smaps &&
                       smaps.error().kind == ErrorKind::kDenied;
    _exit(right ? kRight : kWrong);
  });
  const int status = child.wait();
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kHidden) GTEST_SKIP() << "/proc hides other users' processes here";
  EXPECT_EQ(WEXITSTATUS(status), kRight);
}

}  // namespace
}  // namespace soakwatch
