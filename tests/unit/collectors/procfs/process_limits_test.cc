#include "collectors/procfs/process_limits.h"

#include <fcntl.h>

#include "collectors/procfs/proc_file.h"
#include "collectors/procfs/process_reader.h"
#include "fixture_tree.h"

namespace soakwatch {
namespace {

constexpr const char* kHead =
    "Limit                     Soft Limit           Hard Limit           Units     \n";

TEST(ParseOpenFilesLimit, ReadsTheSoftLimit) {
  const std::string line =
      "Max open files            1024                 524288               files     \n";
  EXPECT_EQ(parse_open_files_limit(kHead + line).value(), 1024U);
  EXPECT_EQ(parse_open_files_limit(line).value(), 1024U);
  EXPECT_EQ(parse_open_files_limit("Max open files 0 0 files\n").value(), 0U);
}

TEST(ParseOpenFilesLimit, UnlimitedIsAbsent) {
  EXPECT_EQ(parse_open_files_limit("Max open files  unlimited  unlimited  files\n").value(),
            std::nullopt);
}

TEST(ParseOpenFilesLimit, RefusesOtherTexts) {
  for (const char* text :
       {"", kHead, "Max open files\n", "Max open files -1 2 files\n", "Max open files 1k 2 files\n",
        "Max open files 99999999999999999999 2 files\n", "Max file locks 5 5 locks\n"}) {
    EXPECT_EQ(parse_open_files_limit(text).error().kind, ErrorKind::kInvalid) << text;
  }
}

TEST(ParseCgroupLimit, ReadsANumberAndMax) {
  EXPECT_EQ(parse_cgroup_limit("1073741824\n").value(), 1073741824U);
  EXPECT_EQ(parse_cgroup_limit("max\n").value(), std::nullopt);
}

TEST(ParseCgroupLimit, RefusesOtherTexts) {
  for (const char* text : {"", "\n", "maximum\n", "-1\n", "1 2\n", "1\n2\n", "1.5\n"}) {
    EXPECT_EQ(parse_cgroup_limit(text).error().kind, ErrorKind::kInvalid) << text;
  }
}

const std::filesystem::path kGroups = std::filesystem::path(SOAKWATCH_FIXTURES) / "cgroup2";

ProcessLimits limits_of(const WrittenTree& tree, const std::filesystem::path& groups) {
  const auto folder = ProcFile::open(AT_FDCWD, (tree.root() / "50").string(), O_DIRECTORY);
  return read_process_limits(folder->fd(), groups);
}

TEST(ReadProcessLimits, TheTightestOnTheWayUpCounts) {
  const auto reader = ProcessReader::open(captured_tree("linux-6.18"), 4002, "boot", kGroups);
  ASSERT_TRUE(reader);
  const ProcessLimits& limits = reader->info().limits;
  EXPECT_EQ(limits.open_files, 4096.0);
  EXPECT_EQ(limits.memory_bytes, 1073741824.0);  // of the service
  EXPECT_EQ(limits.tasks, 512.0);                // of the slice
}

TEST(ReadProcessLimits, MaxIsNoLimit) {
  const WrittenTree tree;
  tree.write("50/cgroup", "0::/user.slice\n");
  const ProcessLimits limits = limits_of(tree, kGroups);
  EXPECT_EQ(limits.memory_bytes, std::nullopt);
  EXPECT_EQ(limits.tasks, std::nullopt);
}

// In a container the root of the mount is the container's own group.
TEST(ReadProcessLimits, TheRootCountsWhereItHasALimit) {
  const WrittenTree tree;
  tree.write("50/cgroup", "0::/\n");
  tree.write("groups/memory.max", "1000\n");
  EXPECT_EQ(limits_of(tree, tree.root() / "groups").memory_bytes, 1000.0);
  tree.write("50/cgroup", "0::/gone (deleted)\n");
  EXPECT_EQ(limits_of(tree, tree.root() / "groups").memory_bytes, 1000.0);
}

TEST(ReadProcessLimits, WhatCannotBeReadIsAbsent) {
  const WrittenTree tree;
  tree.write_process(50, "hidden", 'S', 1000);
  for (const char* text :
       {"", "nonsense", "0::/../../system.slice\n", "3:memory:/system.slice\n"}) {
    tree.write("50/cgroup", text);
    tree.write("50/limits", text);
    const ProcessLimits limits = limits_of(tree, kGroups);
    EXPECT_EQ(limits.open_files, std::nullopt) << text;
    EXPECT_EQ(limits.memory_bytes, std::nullopt) << text;
    EXPECT_EQ(limits.tasks, std::nullopt) << text;
  }
  tree.write("50/cgroup", "0::/a\n");
  tree.write("groups/a/memory.max", "a lot\n");
  EXPECT_EQ(limits_of(tree, tree.root() / "groups").memory_bytes, std::nullopt);
  EXPECT_TRUE(ProcessReader::open(tree.root(), 50, "boot", tree.root() / "groups"));
}

TEST(ReadProcessLimits, AnEndlessPathIsNotFollowedForGood) {
  const WrittenTree tree;
  std::string path;
  for (int i = 0; i < 500; ++i) path += "/a";
  tree.write("50/cgroup", "0::" + path + "\n");
  tree.write("groups/memory.max", "1000\n");  // too far above
  EXPECT_EQ(limits_of(tree, tree.root() / "groups").memory_bytes, std::nullopt);
}

}  // namespace
}  // namespace soakwatch
