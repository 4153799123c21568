#include "cli/soak/process_family.h"

#include <gtest/gtest.h>

#include <unistd.h>
#include <csignal>

namespace soakwatch {
namespace {

// soakwatch is 10, the command 20, which leads a session.
const FamilyRoots kRoots{10, 20, 0, ""};

FamilyRoots watching(const char* program) { return {10, 20, 0, program}; }

pid_t chosen(const std::vector<FamilyProcess>& all, const FamilyRoots& roots = kRoots) {
  const auto process = chosen_process(family_of(all, roots), roots);
  return process ? process->pid : 0;
}

TEST(ProcessFamily, TheCommandItselfIsWatched) {
  // Whatever it starts.
  EXPECT_EQ(chosen({{20, 10, 20, 100, "/bin/server", false}, {21, 20, 20, 90, "/bin/git", false}}),
            20);
}

TEST(ProcessFamily, BelowAShellTheProgramIsWatched) {
  EXPECT_EQ(chosen({{20, 10, 20, 100, "/bin/dash", false},
                    {21, 20, 20, 101, "/usr/bin/make", false},
                    {23, 21, 20, 103, "/bin/helper", false},
                    {22, 21, 20, 102, "/bin/server", false}}),
            22);
}

TEST(ProcessFamily, AShellThatWaitsHasNone) {
  EXPECT_EQ(chosen({{20, 10, 20, 100, "/bin/dash", false}, {21, 20, 20, 101, "/bin/server", true}},
                   watching("/bin/server")),
            0);
}

TEST(ProcessFamily, StrangersAreNotOfIt) {
  EXPECT_EQ(chosen({{20, 10, 20, 100, "/bin/dash", false},
                    {30, 1, 30, 90, "/bin/server", false},
                    {31, 10, 31, 91, "/bin/hook", false},
                    {32, 31, 31, 92, "/bin/hook-child", false}}),
            0);
}

TEST(ProcessFamily, OneThatDaemonisedIsFoundByItsProgram) {
  // An orphan of another session; a helper that was left behind is none.
  const std::vector<FamilyProcess> all{{25, 10, 24, 105, "/bin/helper", false},
                                       {26, 10, 26, 106, "/bin/server (deleted)", false}};
  EXPECT_EQ(chosen(all, watching("/bin/server")), 26);
  EXPECT_EQ(chosen(all, watching("/bin/other")), 0);
}

TEST(ProcessFamily, APidThatWasGivenAwayIsNotTheCommand) {
  FamilyRoots roots = kRoots;
  roots.leader_start_ticks = 100;
  EXPECT_EQ(chosen({{20, 1, 1, 200, "/bin/other", false}}, roots), 0);
  EXPECT_EQ(chosen({{20, 10, 20, 100, "/bin/server", false}}, roots), 20);
}

TEST(ProcessFamily, KnowsLaunchersByTheirFile) {
  EXPECT_TRUE(is_launcher("/usr/local/go/bin/go"));
  EXPECT_TRUE(is_launcher("/bin/dash (deleted)"));
  EXPECT_TRUE(is_launcher("sh"));
  EXPECT_FALSE(is_launcher("/bin/gopls"));
  EXPECT_FALSE(is_launcher(""));
}

TEST(ProcessFamily, ScanFindsOurselves) {
  bool found = false;
  for (const FamilyProcess& process : scan_processes("/proc")) {
    if (process.pid != ::getpid()) continue;
    found = true;
    EXPECT_EQ(process.parent, ::getppid());
    EXPECT_EQ(process.session, ::getsid(0));
    EXPECT_FALSE(process.ended);
    EXPECT_NE(process.program.find("unit_cli"), std::string::npos);
  }
  EXPECT_TRUE(found);
  EXPECT_TRUE(scan_processes("/no/such/proc").empty());
}

}  // namespace
}  // namespace soakwatch
