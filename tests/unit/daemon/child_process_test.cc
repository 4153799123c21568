#include "daemon/child_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>

namespace soakwatch {
namespace {

using namespace std::chrono_literals;

void wait_for_end(const ChildProcess& child) {
  siginfo_t info{};
  waitid(P_PID, static_cast<id_t>(child.pid()), &info, WEXITED | WNOWAIT);  // leaves it to ended()
}

TEST(ChildProcess, TellsTheExitStatusOnce) {
  auto child = ChildProcess::start({"sh", "-c", "exit 7"});
  ASSERT_TRUE(child.has_value());
  wait_for_end(*child);
  EXPECT_EQ(child->ended(), "exited with status 7");
  EXPECT_EQ(child->ended(), "exited with status 7");
}

TEST(ChildProcess, TellsTheSignal) {
  auto child = ChildProcess::start({"sh", "-c", "kill -9 $$"});
  ASSERT_TRUE(child.has_value());
  wait_for_end(*child);
  EXPECT_EQ(child->ended(), "killed by signal 9");
}

TEST(ChildProcess, PassesArgumentsWithoutAShell) {
  auto child =
      ChildProcess::start({"sh", "-c", "test \"$1\" = '$(exit 1) *'", "name", "$(exit 1) *"});
  ASSERT_TRUE(child.has_value());
  wait_for_end(*child);
  EXPECT_EQ(child->ended(), "exited with status 0");
}

TEST(ChildProcess, TerminateEndsOneThatListens) {
  auto child = ChildProcess::start({"sleep", "100"});
  ASSERT_TRUE(child.has_value());
  EXPECT_FALSE(child->ended());
  child->terminate(10s);
  EXPECT_EQ(child->ended(), "killed by signal 15");
}

TEST(ChildProcess, TerminateKillsOneThatDoesNot) {
  // It stops itself once its trap is in force.
  auto child =
      ChildProcess::start({"sh", "-c", "trap '' TERM; kill -STOP $$; while :; do :; done"});
  ASSERT_TRUE(child.has_value());
  siginfo_t info{};
  waitid(P_PID, static_cast<id_t>(child->pid()), &info, WSTOPPED);
  kill(child->pid(), SIGCONT);
  child->terminate(50ms);
  EXPECT_EQ(child->ended(), "killed by signal 9");
}

std::string read_until(int fd, std::string_view end) {
  std::string text;
  char c = 0;
  while (!text.ends_with(end) && read(fd, &c, 1) == 1) text += c;
  return text;
}

TEST(ChildProcess, StreamsAndASessionOfItsOwn) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  ChildStreams streams;
  streams.out = streams.err = ends[1];
  streams.own_session = true;
  auto child = ChildProcess::start({"sh", "-c", "echo out; echo err >&2; exec sleep 100"}, streams);
  close(ends[1]);
  ASSERT_TRUE(child.has_value());
  EXPECT_EQ(getsid(child->pid()), child->pid());
  EXPECT_EQ(read_until(ends[0], "err\n"), "out\nerr\n");
  child->terminate(10s);
  EXPECT_TRUE(WIFSIGNALED(child->wait_status().value_or(0)));
  close(ends[0]);
}

TEST(ChildProcess, ATerminalOfItsOwn) {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  ASSERT_GE(terminal, 0);
  ASSERT_EQ(unlockpt(terminal), 0);
  ChildStreams streams;
  streams.terminal = ptsname(terminal);
  auto child = ChildProcess::start({"sh", "-c", "test -t 0 && : >/dev/tty"}, streams);
  ASSERT_TRUE(child.has_value());
  wait_for_end(*child);
  EXPECT_EQ(child->ended(), "exited with status 0");
  close(terminal);
}

TEST(ChildProcess, SaysWhatCannotBeStarted) {
  const auto missing = ChildProcess::start({"/no/such/program"});
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().kind, ErrorKind::kNotFound);
  EXPECT_NE(missing.error().message.find("/no/such/program"), std::string::npos);
  EXPECT_FALSE(ChildProcess::start({}).has_value());
}

}  // namespace
}  // namespace soakwatch
