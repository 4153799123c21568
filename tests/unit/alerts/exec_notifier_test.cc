#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <csignal>
#include <thread>

#include "alerts/notifier.h"
#include "hook_script.h"

namespace soakwatch {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

class ExecNotifierTest : public ::testing::Test {
 protected:
  Result<void> run(const std::string& script, const AlertTransition& transition = to_firing()) {
    return make_exec_notifier({hook_script(folder_, script, out_), seconds(60)})
        ->notify(transition);
  }
  Error error_of(const std::string& script) {
    const auto told = run(script);
    return told ? Error{ErrorKind::kInvalid, "no error"} : told.error();
  }
  TemporaryFolder folder_;
  std::filesystem::path out_ = folder_.path() / "out";
};

TEST_F(ExecNotifierTest, GivesTheTransitionAsJsonOnStdin) {
  ASSERT_TRUE(run("cat > \"$1\""));
  EXPECT_EQ(content_of(out_), to_json(to_firing()) + "\n");
}

TEST_F(ExecNotifierTest, GivesTheMainFactsInTheEnvironment) {
  ASSERT_TRUE(run("env > \"$1\""));
  const std::string environment = "\n" + content_of(out_);
  for (const char* line :
       {"ALERT_ID=7", "TIME=2026-11-20T09:05:00.250Z", "STATE=firing", "REASON=held for 5m",
        "TARGET=sidecar", "PID=1234", "METRIC=goroutines", "DETECTOR=goroutine_growth",
        "SEVERITY=warning", "SINCE=2026-11-20T08:40:00Z", "SUMMARY=goroutines grow steadily"}) {
    EXPECT_THAT(environment, HasSubstr(std::string("\nSOAKWATCH_") + line + "\n"));
  }
  EXPECT_THAT(environment, HasSubstr("\nSOAKWATCH_TEXT=" + describe(to_firing()) + "\n"));
}

TEST_F(ExecNotifierTest, PassesOnOnlyWhatADesktopNeeds) {
  ::setenv("SOAKWATCH_CANARY_SECRET", "canary", 1);
  ::setenv("WAYLAND_DISPLAY", "wayland-7", 1);
  ASSERT_TRUE(run("env > \"$1\""));
  const std::string environment = content_of(out_);
  EXPECT_THAT(environment, HasSubstr("WAYLAND_DISPLAY=wayland-7\n"));
  EXPECT_THAT(environment, HasSubstr("PATH="));
  EXPECT_THAT(environment, Not(HasSubstr("canary")));
}

TEST_F(ExecNotifierTest, DisarmsNamesInTheEnvironment) {
  AlertTransition t = to_firing();
  t.alert.target_name = std::string("a\n\x1b[31m\0b", 9);
  ASSERT_TRUE(run("printf %s \"$SOAKWATCH_TARGET\" > \"$1\"", t));
  EXPECT_EQ(content_of(out_), "a\\x0a\\x1b[31m\\x00b");
}

TEST_F(ExecNotifierTest, AHookNeedNotReadItsInput) {
  AlertTransition t = to_firing();
  t.alert.finding.gates.resize(5000);  // more than a pipe would hold
  ASSERT_GT(to_json(t).size(), 200000U);
  EXPECT_TRUE(run("exit 0", t));
  EXPECT_TRUE(run("exec <&-; exit 0", t));
  EXPECT_TRUE(run("head -c 10 > \"$1\"", t));
  EXPECT_EQ(content_of(out_).size(), 10U);
}

TEST_F(ExecNotifierTest, SaysWhichStatusOrSignalEndedTheHook) {
  EXPECT_EQ(error_of("exit 3").message, "ended with status 3");
  EXPECT_EQ(error_of("exit 3").kind, ErrorKind::kIo);
  EXPECT_EQ(error_of("kill -9 $$").message, "was ended by signal 9");
}

TEST_F(ExecNotifierTest, SaysWhenTheProgramCannotBeRun) {
  // A folder in PATH that may not be searched would make "missing" a "denied".
  ::setenv("PATH", "/usr/bin:/bin", 1);
  const auto missing = make_exec_notifier({{"soakwatch-no-such-hook"}, seconds(60)});
  auto told = missing->notify(to_firing());
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(told.error().in(missing->name()).message,
            "exec hook 'soakwatch-no-such-hook': cannot be run: No such file or directory");

  told = make_exec_notifier({{folder_.path().string()}, seconds(60)})->notify(to_firing());
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().kind, ErrorKind::kDenied);

  EXPECT_FALSE(make_exec_notifier({{}, seconds(60)})->notify(to_firing()));
}

TEST_F(ExecNotifierTest, LooksInPathAndUsesNoShell) {
  const std::string trick = "$(touch " + out_.string() + "); touch " + out_.string();
  EXPECT_TRUE(make_exec_notifier({{"echo", trick}, seconds(60)})->notify(to_firing()));
  EXPECT_FALSE(make_exec_notifier({{"echo " + trick}, seconds(60)})->notify(to_firing()));
  EXPECT_FALSE(std::filesystem::exists(out_));
}

TEST_F(ExecNotifierTest, ThrowsTheOutputAway) {
  ASSERT_TRUE(
      run("echo noise; echo noise >&2; links=$(readlink /proc/$$/fd/1 /proc/$$/fd/2);"
          "echo \"$links\" > \"$1\""));
  EXPECT_EQ(content_of(out_), "/dev/null\n/dev/null\n");
}

TEST_F(ExecNotifierTest, TheHookGetsNoOtherDescriptor) {
  constexpr int kLeaked = 100;
  ASSERT_EQ(::dup2(STDIN_FILENO, kLeaked), kLeaked);  // without close-on-exec
  const auto told = run("test ! -e /proc/$$/fd/100");
  ::close(kLeaked);
  EXPECT_TRUE(told);
}

TEST_F(ExecNotifierTest, TheHookHasAGroupOfItsOwnAndOrdinarySignals) {
  sigset_t blocked;
  sigset_t before;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const auto old_handler = ::signal(SIGPIPE, SIG_IGN);
  const auto told =
      run("read -r pid name state parent group rest < /proc/$$/stat && test $group = $$ &&"
          "while read -r name mask; do case $name in Sig[BI]*) echo $name $mask;; esac; done"
          "  < /proc/$$/status > \"$1\"");
  ::signal(SIGPIPE, old_handler);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);

  ASSERT_TRUE(told);
  std::istringstream lines(content_of(out_));
  constexpr std::uint64_t kBits = (1U << (SIGTERM - 1U)) | (1U << (SIGPIPE - 1U));
  int count = 0;
  for (std::string name, mask; lines >> name >> mask; ++count) {
    EXPECT_EQ(std::stoull(mask, nullptr, 16) & kBits, 0U) << name << mask;
  }
  EXPECT_EQ(count, 2);
}

// A hook that outlives its time is killed with its children. The first time-outs may be too short
// for a busy machine to start it at all; then there is nothing to see, and the next one is tried.
void expect_killed_at_timeout(const std::string& script) {
  TemporaryFolder folder;
  LifePipe life(folder);
  bool started = false;
  for (const auto timeout : {milliseconds(100), milliseconds(1000), milliseconds(10000)}) {
    const auto notifier = make_exec_notifier({hook_script(folder, script, life.path()), timeout});
    const auto told = notifier->notify(to_firing());
    ASSERT_FALSE(told);
    EXPECT_EQ(told.error().kind, ErrorKind::kTimeout);
    EXPECT_EQ(told.error().message,
              "did not end within " + format_duration(timeout) + " and was killed");
    ASSERT_TRUE(life.wait_for_end(started));
    if (started) return;
  }
  FAIL() << "the hook never started";
}

TEST_F(ExecNotifierTest, KillsAHangingHookAndItsChildren) { expect_killed_at_timeout(kHangs); }
TEST_F(ExecNotifierTest, KillsAHookThatIgnoresTheRequestToEnd) {
  expect_killed_at_timeout(kHangsForGood);
}

TEST_F(ExecNotifierTest, AHookMayTidyUpAtTheTimeOut) {
  LifePipe life(folder_);
  const std::string script = "trap 'echo tidy > \"$1.tidy\"; exit 0' TERM; " + kHangs;
  const std::string tidy = life.path().string() + ".tidy";
  for (const auto timeout : {milliseconds(100), milliseconds(1000), milliseconds(10000)}) {
    const auto command = hook_script(folder_, script, life.path());
    ASSERT_FALSE(make_exec_notifier({command, timeout})->notify(to_firing()));
    if (std::filesystem::exists(tidy)) break;
  }
  EXPECT_EQ(content_of(tidy), "tidy\n");
}

TEST_F(ExecNotifierTest, AnInterruptKillsTheHookAndEachLaterOne) {
  LifePipe life(folder_);
  const auto notifier =
      make_exec_notifier({hook_script(folder_, kHangsForGood, life.path()), seconds(60)});
  const auto start = std::chrono::steady_clock::now();
  Result<void> told;
  std::thread runner([&] { told = notifier->notify(to_firing()); });
  EXPECT_TRUE(life.wait_for_start());
  notifier->interrupt();
  runner.join();
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().kind, ErrorKind::kUnavailable);
  bool ignored = false;
  EXPECT_TRUE(life.wait_for_end(ignored));
  EXPECT_FALSE(notifier->notify(to_firing()));
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(50));
}

TEST_F(ExecNotifierTest, LeavesAloneWhatAHookStartedInTheBackground) {
  LifePipe life(folder_);
  const std::string go = life.path().string() + ".go";
  ASSERT_EQ(::mkfifo(go.c_str(), 0600), 0);
  const int go_fd = ::open(go.c_str(), O_RDWR | O_CLOEXEC);
  const std::string script = "(read -r go < \"$1.go\"; echo later > \"$1\") & exit 0";
  const auto command = hook_script(folder_, script, life.path());
  EXPECT_TRUE(make_exec_notifier({command, seconds(60)})->notify(to_firing()));
  EXPECT_EQ(::write(go_fd, "go\n", 3), 3);
  EXPECT_TRUE(life.wait_for_start());
  ::close(go_fd);
}

}  // namespace
}  // namespace soakwatch
