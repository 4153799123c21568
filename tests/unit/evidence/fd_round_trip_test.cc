// What the collector writes is what the reader reads: the form stands in two places.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "collectors/procfs/process_reader.h"
#include "evidence/fd_list.h"

namespace soakwatch {
namespace {

TEST(FdRoundTrip, AHostilePathComesBackAsItIs) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) /
                                       ("soakwatch_round_trip_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const std::string path = (folder / "a\tb\\x0a\xff - \x1b[31m").string();
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_GE(fd, 0);
  const auto text = ProcessReader::open("/proc", getpid(), "boot").value().read_fd_table();
  std::filesystem::remove_all(folder);
  close(fd);
  ASSERT_TRUE(text);
  const auto list = parse_fd_list(*text);
  ASSERT_TRUE(list);
  const auto found = std::find_if(list->fds.begin(), list->fds.end(), [&](const OpenFd& open_fd) {
    return open_fd.number == static_cast<std::uint32_t>(fd);
  });
  ASSERT_NE(found, list->fds.end());
  EXPECT_EQ(found->type, FdType::kFile);
  EXPECT_EQ(found->target, path);
  EXPECT_EQ(list->unreadable, 0U);
  EXPECT_TRUE(list->tables_missing.empty());
}

}  // namespace
}  // namespace soakwatch
