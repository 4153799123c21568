#include "collectors/procfs/process_table.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "child_process.h"
#include "fixture_tree.h"

namespace soakwatch {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

TargetSpec spec(TargetKind kind, const std::string& value) {
  TargetSpec out;
  out.kind = kind;
  out.value = value;
  return out;
}

Result<std::vector<ProcessMatch>> find_in(const std::filesystem::path& root, TargetKind kind,
                                          const std::string& value, pid_t self = 0) {
  auto table = ProcessTable::scan(root);
  if (!table) return table.error();
  return table->find(spec(kind, value), self);
}

std::vector<pid_t> pids(const Result<std::vector<ProcessMatch>>& matches) {
  std::vector<pid_t> out;
  for (const ProcessMatch& match : matches.value()) out.push_back(match.pid);
  return out;
}

class CapturedTable : public testing::Test {
 protected:
  static std::vector<pid_t> new_kernel(TargetKind kind, const std::string& value, pid_t self = 0) {
    return pids(find_in(captured_tree("linux-6.18"), kind, value, self));
  }
  static std::vector<pid_t> old_kernel(TargetKind kind, const std::string& value) {
    return pids(find_in(captured_tree("linux-6.1"), kind, value));
  }
};

TEST_F(CapturedTable, FindsByPid) {
  EXPECT_THAT(new_kernel(TargetKind::kPid, "4002"), ElementsAre(4002));
  EXPECT_THAT(new_kernel(TargetKind::kPid, "4009"), IsEmpty());
  const auto match = find_in(captured_tree("linux-6.18"), TargetKind::kPid, "4002").value().at(0);
  EXPECT_EQ(match.start_ticks, 160350U);
  EXPECT_EQ(match.comm, "sidecar");
}

TEST_F(CapturedTable, FindsByName) {
  EXPECT_THAT(new_kernel(TargetKind::kName, "sidecar"), ElementsAre(4002));
  EXPECT_THAT(new_kernel(TargetKind::kName, ") R 1 \x1b[31m"), ElementsAre(4001));
  EXPECT_THAT(new_kernel(TargetKind::kName, "python3"), ElementsAre(4001));  // of argv[0]
  EXPECT_THAT(new_kernel(TargetKind::kName, "python3.11"), IsEmpty());       // of the executable
  EXPECT_THAT(new_kernel(TargetKind::kName, "side"), IsEmpty());
}

TEST_F(CapturedTable, FindsNamesLongerThanTheKernelKeeps) {
  EXPECT_THAT(old_kernel(TargetKind::kName, "metrics-collector"), ElementsAre(698, 700, 699));
  EXPECT_THAT(old_kernel(TargetKind::kName, "metrics-collectors"), IsEmpty());
}

TEST_F(CapturedTable, TheOldestComesFirstThenTheLowestPid) {
  EXPECT_THAT(old_kernel(TargetKind::kName, "metrics-collect"), ElementsAre(698, 700, 699));
}

TEST_F(CapturedTable, FindsByPort) {
  EXPECT_THAT(new_kernel(TargetKind::kPort, "16060"), ElementsAre(4002));
  EXPECT_THAT(new_kernel(TargetKind::kPort, "16061"), ElementsAre(4002));  // IPv6 only
  EXPECT_THAT(new_kernel(TargetKind::kPort, "2024"), IsEmpty());   // its process is not visible
  EXPECT_THAT(new_kernel(TargetKind::kPort, "39066"), IsEmpty());  // a client's end
  EXPECT_THAT(old_kernel(TargetKind::kPort, "8080"), ElementsAre(699));  // no tcp6 there
}

TEST_F(CapturedTable, FindsByCommandLine) {
  EXPECT_THAT(new_kernel(TargetKind::kCmdline, "sidecar --listen .*:16060$"), ElementsAre(4002));
  EXPECT_THAT(old_kernel(TargetKind::kCmdline, "--instance [ac]"), ElementsAre(698, 700));
  // Kernel threads have no arguments, which even this does not find.
  EXPECT_THAT(new_kernel(TargetKind::kCmdline, ".*"), ElementsAre(4001, 4002, 4004));
}

TEST_F(CapturedTable, FindsByUnit) {
  EXPECT_THAT(new_kernel(TargetKind::kUnit, "sidecar.service"), ElementsAre(4002));
  EXPECT_THAT(new_kernel(TargetKind::kUnit, "car.service"), IsEmpty());
  EXPECT_THAT(old_kernel(TargetKind::kUnit, "collector@b.service"), ElementsAre(699));
}

TEST_F(CapturedTable, FindsByCgroup) {
  EXPECT_THAT(new_kernel(TargetKind::kCgroup, "/system.slice"), ElementsAre(4002));
  EXPECT_THAT(new_kernel(TargetKind::kCgroup, "/system"), IsEmpty());
  EXPECT_THAT(old_kernel(TargetKind::kCgroup, "/system.slice/system-collector.slice/"),
              ElementsAre(698, 700, 699));
}

TEST_F(CapturedTable, LeavesOutZombiesButNotTheirLivingThreads) {
  EXPECT_THAT(new_kernel(TargetKind::kPid, "4003"), IsEmpty());
  EXPECT_THAT(new_kernel(TargetKind::kName, "true"), IsEmpty());
  EXPECT_THAT(new_kernel(TargetKind::kPid, "4004"), ElementsAre(4004));
  EXPECT_THAT(new_kernel(TargetKind::kName, "worker"), ElementsAre(4004));
}

TEST_F(CapturedTable, NeverFindsTheObserver) {
  EXPECT_THAT(new_kernel(TargetKind::kPid, "4002", 4002), IsEmpty());
  EXPECT_THAT(new_kernel(TargetKind::kCmdline, "sidecar", 4002), IsEmpty());
}

TEST_F(CapturedTable, OneScanServesManySpecs) {
  auto table = ProcessTable::scan(captured_tree("linux-6.18"));
  ASSERT_TRUE(table);
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(pids(table->find(spec(TargetKind::kPort, "16060"), 0)), ElementsAre(4002));
    EXPECT_THAT(pids(table->find(spec(TargetKind::kPort, "1"), 0)), IsEmpty());
    EXPECT_THAT(pids(table->find(spec(TargetKind::kUnit, "sidecar.service"), 0)),
                ElementsAre(4002));
  }
}

TEST(ProcessTable, RefusesMalformedSpecsWithTheReason) {
  const std::vector<std::pair<TargetKind, std::string>> specs{
      {TargetKind::kPid, "0"},        {TargetKind::kPid, "-1"},
      {TargetKind::kPid, "1x"},       {TargetKind::kPid, "99999999999999999999"},
      {TargetKind::kPort, "0"},       {TargetKind::kPort, "65536"},
      {TargetKind::kCmdline, "("},    {TargetKind::kCgroup, "system.slice"},
      {TargetKind::kCommand, "true"}, {TargetKind::kName, ""}};
  for (const auto& [kind, value] : specs) {
    const auto matches = find_in(captured_tree("linux-6.18"), kind, value);
    ASSERT_FALSE(matches) << value;
    EXPECT_EQ(matches.error().kind, ErrorKind::kInvalid);
    EXPECT_FALSE(matches.error().message.empty());
  }
}

// A wrapper that stays our parent, or another soakwatch, holds the words that we look for.
TEST(ProcessTable, AnExpressionFindsNeitherOurAncestorsNorOtherSoakwatches) {
  const auto root =
      std::filesystem::temp_directory_path() / ("soakwatch-ancestors-" + std::to_string(getpid()));
  const auto add = [&](int pid, const std::string& comm, int parent) {
    const auto folder = root / std::to_string(pid);
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "stat") << pid << " (" << comm << ") S " << parent
                                   << " 1 1 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 " << pid << " 4096 1\n";
    std::ofstream(folder / "cmdline") << comm << '\0' << "sidecar" << '\0';
  };
  add(100, "sudo", 1);
  add(101, "sh", 100);
  add(102, "soakwatch", 101);
  add(103, "soakwatchd", 1);
  add(104, "app", 1);
  const auto found =
      ProcessTable::scan(root)->find({TargetKind::kCmdline, "sidecar", {}, {}, {}}, 102);
  std::filesystem::remove_all(root);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().pid, 104);
}

TEST(ProcessTable, ACostlyExpressionIsRefused) {
  const WrittenTree tree;
  tree.write_process(7, "a", 'S', 1);
  tree.write("7/cmdline", std::string(4000, 'a'));
  EXPECT_EQ(find_in(tree.root(), TargetKind::kCmdline, "(a|aa)+b").error().kind,
            ErrorKind::kInvalid);
}

TEST(ProcessTable, DropsWhatChangedHandsSinceTheScan) {
  const WrittenTree tree;
  tree.write_process(7, "first", 'S', 100);
  tree.write_process(8, "first", 'S', 200);
  auto table = ProcessTable::scan(tree.root());
  ASSERT_TRUE(table);
  tree.write_process(7, "other", 'S', 300);
  EXPECT_THAT(pids(table->find(spec(TargetKind::kName, "first"), 0)), ElementsAre(8));
}

TEST(ProcessTable, PassesOverWhatIsNoProcess) {
  const WrittenTree tree;
  tree.write_process(7, "good", 'S', 100);
  tree.write("8/stat", "nonsense");
  tree.write("9", "a file");
  tree.write("self/stat", "7 (good) S");
  EXPECT_THAT(pids(find_in(tree.root(), TargetKind::kName, "good")), ElementsAre(7));
}

TEST(ProcessTable, SaysWhenTheSocketTablesAreHidden) {
  const WrittenTree tree;
  tree.write_process(7, "good", 'S', 100);
  EXPECT_EQ(find_in(tree.root(), TargetKind::kPort, "80").error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(ProcessTable::scan(tree.root() / "nowhere").error().kind, ErrorKind::kNotFound);
}

TEST(ProcessTable, FindsRealChildrenWhileTheyLive) {
  ChildProcess child(wait_for_ever);
  const std::string pid = std::to_string(child.pid());
  EXPECT_THAT(pids(find_in("/proc", TargetKind::kPid, pid)), ElementsAre(child.pid()));
  const auto name = find_in("/proc", TargetKind::kName, "unit_procfs", getpid());
  EXPECT_THAT(pids(name), Contains(child.pid()));
  EXPECT_THAT(pids(name), Not(Contains(getpid())));
  child.kill_only();
  EXPECT_THAT(pids(find_in("/proc", TargetKind::kPid, pid)), IsEmpty());
}

}  // namespace
}  // namespace soakwatch
