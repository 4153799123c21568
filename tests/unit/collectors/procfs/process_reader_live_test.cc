// The reader over the real /proc, with real children.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "child_process.h"
#include "collectors/procfs/process_directory.h"
#include "collectors/procfs/process_reader.h"
#include "fixture_tree.h"

namespace soakwatch {
namespace {

constexpr const char* kProc = "/proc";

std::size_t own_fds() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    ++count;
  }
  return count - 1;  // without the listing's own
}

TEST(LiveProcess, ReadsItself) {
  const std::string boot_id = read_boot_id(kProc).value();
  auto reader = ProcessReader::open(kProc, getpid(), boot_id);
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->info().id.boot_id, boot_id);
  EXPECT_GT(reader->info().id.start_ticks, 0U);
  EXPECT_EQ(reader->info().exe, std::filesystem::read_symlink("/proc/self/exe").string());
  MetricValues values = reader->read_round().value();
  values.merge(reader->read_detail().value());
  for (const MetricDescriptor& metric : all_metrics()) {
    const bool ours = metric.source == Source::kProcRound || metric.source == Source::kProcDetail;
    EXPECT_EQ(values.has(metric.id), ours) << metric.name;
  }
  EXPECT_GT(*values.get(Metric::kRssBytes), 100e3);
  EXPECT_GE(*values.get(Metric::kVsizeBytes), *values.get(Metric::kRssBytes));
  EXPECT_EQ(values.get(Metric::kOpenFds), static_cast<double>(own_fds()));
  EXPECT_GT(*values.get(Metric::kMappings), 5);
}

TEST(LiveProcess, ReadsItsLimitOfOpenFiles) {
  rlimit own{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &own), 0);
  const rlimit lowered{std::min<rlim_t>(own.rlim_cur, 321), own.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &lowered), 0);
  const auto reader = ProcessReader::open(kProc, getpid(), "boot");
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &own), 0);
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->info().limits.open_files, static_cast<double>(lowered.rlim_cur));
}

TEST(LiveProcess, ClosesWhatItOpened) {
  const std::size_t before = own_fds();
  {
    auto reader = ProcessReader::open(kProc, getpid(), "boot");
    ASSERT_TRUE(reader);
    ASSERT_TRUE(reader->read_round());
    ASSERT_TRUE(reader->read_detail());
    ASSERT_TRUE(reader->socket_inodes());
    EXPECT_EQ(own_fds(), before + 5);
  }
  EXPECT_FALSE(ProcessReader::open(kProc, 1 << 22, "boot"));
  EXPECT_EQ(own_fds(), before);
}

TEST(LiveProcess, SeesMemoryGrowInTheSameReader) {
  auto reader = ProcessReader::open(kProc, getpid(), "boot");
  ASSERT_TRUE(reader);
  constexpr std::size_t kBytes = std::size_t{32} << 20;
  const double before = *reader->read_round().value().get(Metric::kRssAnonBytes);
  const std::vector<char> block(kBytes, 'x');
  const double after = *reader->read_round().value().get(Metric::kRssAnonBytes);
  EXPECT_GT(after - before, 0.9 * kBytes);
  EXPECT_EQ(block.back(), 'x');
}

TEST(LiveProcess, AKilledChildIsNotFound) {
  ChildProcess child(wait_for_ever);
  auto reader = ProcessReader::open(kProc, child.pid(), "boot");
  ASSERT_TRUE(reader);
  EXPECT_TRUE(reader->read_round());
  child.kill_only();  // a zombie
  EXPECT_EQ(reader->read_round().error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(reader->read_detail().error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(ProcessReader::open(kProc, child.pid(), "boot").error().kind, ErrorKind::kNotFound);
  child.kill_and_reap();  // gone
  EXPECT_EQ(reader->read_round().error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(reader->read_detail().error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(reader->socket_inodes().error().kind, ErrorKind::kNotFound);
}

// The kernel takes the descriptors away before it closes them: a process with many stays in that
// state for a while, and has no descriptors there, which is not 0.
TEST(LiveProcess, AProcessThatEndsHasNoLastZero) {
  constexpr int kSockets = 3000;
  std::uint64_t rounds = 0;
  for (int i = 0; i < 5; ++i) {
    ChildProcess child([](int ready) {
      rlimit files{};
      getrlimit(RLIMIT_NOFILE, &files);
      files.rlim_cur = files.rlim_max;
      setrlimit(RLIMIT_NOFILE, &files);
      for (int n = 0; n < kSockets; ++n) {
        if (socket(AF_INET, SOCK_DGRAM, 0) < 0) _exit(1);
      }
      wait_for_ever(ready);
    });
    auto reader = ProcessReader::open(kProc, child.pid(), "boot");
    ASSERT_TRUE(reader);
    ASSERT_TRUE(reader->read_round());
    ASSERT_EQ(kill(child.pid(), SIGKILL), 0);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    auto round = reader->read_round();
    for (; round; round = reader->read_round()) {
      ++rounds;
      EXPECT_GE(round->get(Metric::kOpenFds).value_or(kSockets), kSockets);
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    }
    EXPECT_EQ(round.error().kind, ErrorKind::kNotFound);
  }
  RecordProperty("rounds_after_the_kill", static_cast<int>(rounds));
}

TEST(LiveProcess, AReusedPidIsNotFound) {
  ChildProcess child(wait_for_ever);
  const pid_t pid = child.pid();
  auto reader = ProcessReader::open(kProc, pid, "boot");
  ASSERT_TRUE(reader);
  child.kill_and_reap();

  clone_args args{};
  args.exit_signal = SIGCHLD;
  args.set_tid = reinterpret_cast<std::uintptr_t>(&pid);
  args.set_tid_size = 1;
  const long second = syscall(SYS_clone3, &args, sizeof args);
  if (second == 0) {
    while (true) pause();
  }
  if (second < 0) GTEST_SKIP() << "cannot choose a pid here: " << std::strerror(errno);
  ASSERT_EQ(second, pid);
  EXPECT_TRUE(ProcessReader::open(kProc, pid, "boot"));
  EXPECT_EQ(reader->read_round().error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(reader->read_detail().error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(reader->socket_inodes().error().kind, ErrorKind::kNotFound);
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
}

TEST(LiveProcess, StaysTheSameThroughExec) {
  std::array<int, 2> go{};
  ASSERT_EQ(pipe2(go.data(), O_CLOEXEC), 0);
  std::array<int, 2> done{};
  ASSERT_EQ(pipe2(done.data(), O_CLOEXEC), 0);
  ChildProcess child([&](int ready) {
    say_ready(ready);
    char byte = 0;
    [[maybe_unused]] const ssize_t n = read(go[0], &byte, 1);
    dup2(go[0], STDIN_FILENO);  // stays open in the parent: the new program waits
    execl("/bin/cat", "cat", nullptr);
  });
  close(done[1]);
  auto reader = ProcessReader::open(kProc, child.pid(), "boot");
  ASSERT_TRUE(reader);
  EXPECT_TRUE(reader->read_round());
  ASSERT_EQ(write(go[1], "x", 1), 1);
  char byte = 0;
  EXPECT_EQ(read(done[0], &byte, 1), 0);  // closed by the exec
  const auto round = reader->read_round();
  ASSERT_TRUE(round);
  EXPECT_GT(*round->get(Metric::kRssBytes), 0);
  EXPECT_GT(*reader->read_detail().value().get(Metric::kMappings), 0);
  EXPECT_EQ(ProcessReader::open(kProc, child.pid(), "boot").value().info().comm, "cat");
  // The reader knows that it is another program now. The kernel renames the process a moment after
  // it closed the pipe.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!reader->program_replaced() && std::chrono::steady_clock::now() < deadline) {
    ASSERT_TRUE(reader->read_round());
  }
  ASSERT_TRUE(reader->program_replaced());
  EXPECT_NE(reader->info().comm, "cat");
  const ProcessId id = reader->info().id;
  reader->renew_info();
  EXPECT_FALSE(reader->program_replaced());
  EXPECT_EQ(reader->info().comm, "cat");
  EXPECT_EQ(reader->info().cmdline, "cat");
  EXPECT_EQ(reader->info().id, id);
  ASSERT_TRUE(reader->read_round());
  EXPECT_FALSE(reader->program_replaced());
  for (const int fd : {go[0], go[1], done[0]}) close(fd);
}

TEST(LiveProcess, IsTheSameProgramUnderAnotherName) {
  std::array<char, 16> name{};
  ASSERT_EQ(prctl(PR_GET_NAME, name.data()), 0);
  auto reader = ProcessReader::open(kProc, getpid(), "boot");
  ASSERT_TRUE(reader);
  ASSERT_EQ(prctl(PR_SET_NAME, "another name"), 0);
  EXPECT_TRUE(reader->read_round());
  EXPECT_FALSE(reader->program_replaced());
  EXPECT_EQ(reader->info().comm, name.data());
  ASSERT_EQ(prctl(PR_SET_NAME, name.data()), 0);
}

// As a service does that was upgraded: the same name, the same file.
TEST(LiveProcess, KnowsThatItStartedItselfAnew) {
  std::array<int, 2> go{};
  std::array<int, 2> started{};
  ASSERT_EQ(pipe2(go.data(), O_CLOEXEC), 0);
  ASSERT_EQ(pipe2(started.data(), O_CLOEXEC), 0);
  const auto wait_for_start = [&] {
    char byte = 0;
    EXPECT_EQ(read(started[0], &byte, 1), 1);
  };
  ChildProcess child([&](int) {
    dup2(go[0], STDIN_FILENO);
    dup2(started[1], STDOUT_FILENO);
    execl("/bin/sh", "sh", "-c", "echo; read _; exec sh -c 'echo; read _'", nullptr);
  });
  wait_for_start();
  auto reader = ProcessReader::open(kProc, child.pid(), "boot");
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->info().comm, "sh");
  ASSERT_TRUE(reader->read_round());
  EXPECT_FALSE(reader->program_replaced());
  ASSERT_EQ(write(go[1], "\n", 1), 1);
  wait_for_start();
  ASSERT_TRUE(reader->read_round());
  EXPECT_TRUE(reader->program_replaced());
  EXPECT_EQ(reader->info().comm, "sh");
  reader->renew_info();
  ASSERT_TRUE(reader->read_round());
  EXPECT_FALSE(reader->program_replaced());
  for (const int fd : {go[0], go[1], started[0], started[1]}) close(fd);
}

// As a service does whose package was upgraded while it runs.
TEST(LiveProcess, IsTheSameProgramWhereItsFileWasReplaced) {
  const WrittenTree tree;
  const std::filesystem::path file = tree.root() / "server";
  std::filesystem::copy_file("/bin/sh", file);
  std::array<int, 2> go{};
  std::array<int, 2> done{};
  ASSERT_EQ(pipe2(go.data(), O_CLOEXEC), 0);
  ASSERT_EQ(pipe2(done.data(), O_CLOEXEC), 0);
  ChildProcess child([&](int) {
    dup2(go[0], STDIN_FILENO);
    dup2(done[1], STDOUT_FILENO);
    const char* rename = "echo; read _; printf renamed >/proc/$$/comm; echo; read _";
    execl(file.c_str(), "server", "-c", rename, nullptr);
  });
  char byte = 0;
  ASSERT_EQ(read(done[0], &byte, 1), 1);
  auto reader = ProcessReader::open(kProc, child.pid(), "boot");
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->info().comm, "server");
  std::filesystem::remove(file);
  ASSERT_EQ(write(go[1], "\n", 1), 1);
  ASSERT_EQ(read(done[0], &byte, 1), 1);
  ASSERT_TRUE(reader->read_round());
  EXPECT_EQ(ProcessReader::open(kProc, child.pid(), "boot").value().info().comm, "renamed");
  EXPECT_FALSE(reader->program_replaced());
  for (const int fd : {go[0], go[1], done[0], done[1]}) close(fd);
}

TEST(LiveProcess, CountsManyDescriptors) {
  constexpr int kFds = 600;
  ChildProcess child([](int ready) {
    for (int i = 0; i < kFds; ++i) {
      if (dup(ready) < 0) _exit(1);
    }
    wait_for_ever(ready);
  });
  auto reader = ProcessReader::open(kProc, child.pid(), "boot");
  ASSERT_TRUE(reader);
  const double fds = *reader->read_round().value().get(Metric::kOpenFds);
  EXPECT_GE(fds, kFds);
  EXPECT_LT(fds, kFds + 50);
  const auto folder = ProcessDirectory::open(AT_FDCWD, "/proc/" + std::to_string(child.pid()));
  ASSERT_TRUE(folder);
  EXPECT_EQ(folder->fd_count_by_listing().value(), fds);
}

TEST(LiveProcess, KnowsThatItIsStopped) {
  ChildProcess child(wait_for_ever);
  const auto reader = ProcessReader::open(kProc, child.pid(), "boot");
  ASSERT_TRUE(reader);
  EXPECT_FALSE(reader->is_stopped());
  siginfo_t info{};
  ASSERT_EQ(kill(child.pid(), SIGSTOP), 0);
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child.pid()), &info, WSTOPPED), 0);
  EXPECT_TRUE(reader->is_stopped());
  ASSERT_EQ(kill(child.pid(), SIGCONT), 0);
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child.pid()), &info, WCONTINUED), 0);
  EXPECT_FALSE(reader->is_stopped());
  child.kill_only();
  EXPECT_FALSE(reader->is_stopped());
}

TEST(LiveProcess, NoDescriptorsAreZeroAndNotMissing) {
  ChildProcess child([](int ready) {
    say_ready(ready);
    close_range(0, ~0U, 0);
    while (true) pause();
  });
  auto reader = ProcessReader::open(kProc, child.pid(), "boot");
  ASSERT_TRUE(reader);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (reader->read_round().value().get(Metric::kOpenFds) != 0.0) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    sched_yield();
  }
}

TEST(LiveProcess, ReadsOnWhenTheMainThreadHasEnded) {
  ChildProcess child([](int ready) {
    static int ready_fd = ready;
    pthread_t thread{};
    pthread_create(
        &thread, nullptr,
        [](void*) -> void* {
          wait_for_ever(ready_fd);
          return nullptr;
        },
        nullptr);
    syscall(SYS_exit, 0);  // of this thread only
  });
  auto reader = ProcessReader::open(kProc, child.pid(), "boot");
  ASSERT_TRUE(reader);
  const auto folder = ProcessDirectory::open(AT_FDCWD, "/proc/" + std::to_string(child.pid()));
  ASSERT_TRUE(folder);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!folder->read_stat().value().main_thread_ended()) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    sched_yield();
  }
  const auto again = ProcessReader::open(kProc, child.pid(), "boot");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->info().id, reader->info().id);
  EXPECT_FALSE(again->info().exe.empty());
  const auto round = reader->read_round();
  ASSERT_TRUE(round);
  EXPECT_GT(*round->get(Metric::kRssBytes), 0);
  EXPECT_GT(*round->get(Metric::kRssAnonBytes), 0);
  EXPECT_GT(*round->get(Metric::kOpenFds), 0);
  const auto detail = reader->read_detail();
  ASSERT_TRUE(detail);
  EXPECT_GT(*detail->get(Metric::kPssBytes), 0);
  EXPECT_GT(*detail->get(Metric::kMappings), 0);
  EXPECT_TRUE(reader->socket_inodes());
}

// What a stranger may not see is missing; the rest is there. The child looks at a process of
// another user: at us when we are root, else at pid 1.
TEST(LiveProcess, WhatIsDeniedIsMissing) {
  const bool root = geteuid() == 0;
  const pid_t watched = root ? getpid() : 1;
  enum Answer { kRight = 10, kHidden, kPrivileged, kWrong };
  ChildProcess child([&](int) {
    if (root && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(kPrivileged);
    auto reader = ProcessReader::open(kProc, watched, "boot");
    if (!reader) _exit(kHidden);
    const auto round = reader->read_round();
    const auto detail = reader->read_detail();
    const auto sockets = reader->socket_inodes();
    if (!round || !detail) _exit(kWrong);
    const bool right = round->has(Metric::kRssBytes) && round->has(Metric::kThreads) &&
                       !detail->has(Metric::kPssBytes) && !detail->has(Metric::kMappings) &&
                       !sockets && sockets.error().kind == ErrorKind::kDenied &&
                       reader->info().exe.empty() && !reader->info().comm.empty();
    _exit(right ? kRight : kWrong);
  });
  const int status = child.wait();
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kHidden) GTEST_SKIP() << "/proc hides other users' processes here";
  EXPECT_EQ(WEXITSTATUS(status), kRight);
}

}  // namespace
}  // namespace soakwatch
