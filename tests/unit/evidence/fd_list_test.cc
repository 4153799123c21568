#include "evidence/fd_list.h"

#include <gmock/gmock.h>

#include "capture_fixture.h"

namespace soakwatch {
namespace {

const std::string kBegin = "soakwatch-fds\t1\n";

std::string end(std::size_t listed) {
  return "end\tlisted=" + std::to_string(listed) + "\tunlisted=0\tunreadable=0\ttables_missing=-\n";
}

TEST(ParseFdList, ReadsACapture) {
  const auto list = parse_fd_list(captured("fds_go1.26_body_1.txt"));
  ASSERT_TRUE(list);
  ASSERT_EQ(list->fds.size(), 47U);
  EXPECT_EQ(list->fds[0].type, FdType::kCharacterDevice);
  EXPECT_EQ(list->fds[0].target, "/dev/null");
  EXPECT_EQ(list->fds[5].type, FdType::kKernelObject);
  const OpenFd& client = list->fds[9];
  EXPECT_EQ(client.number, 9U);
  EXPECT_EQ(client.type, FdType::kSocket);
  EXPECT_EQ(client.protocol, "tcp");
  EXPECT_EQ(client.local, "127.0.0.1:46806");
  EXPECT_EQ(client.remote, "127.0.0.1:35761");
  EXPECT_EQ(client.state, "ESTABLISHED");
  EXPECT_EQ(client.target, "socket:[2132615]");
}

TEST(ParseFdList, ReadsEscapesAndWhatIsMissing) {
  const auto list = parse_fd_list(
      kBegin + "3\tREG\t-\t-\t-\t-\t/a\\x0ab\\x5c (deleted)\n4\tSOCK\tunix\t\\x2d\t-\tLISTEN\tx\n" +
      "end\tlisted=2\tunlisted=7\tunreadable=8\ttables_missing=udp,unix\tnew=1\n");
  ASSERT_TRUE(list);
  EXPECT_EQ(list->fds[0].target, "/a\nb\\");
  EXPECT_TRUE(list->fds[0].deleted);
  EXPECT_EQ(list->fds[1].local, "-");
  EXPECT_EQ(list->fds[1].remote, "");
  EXPECT_FALSE(list->fds[1].deleted);
  EXPECT_EQ(list->unlisted, 7U);
  EXPECT_EQ(list->unreadable, 8U);
  EXPECT_THAT(list->tables_missing, testing::ElementsAre("udp", "unix"));
}

TEST(ParseFdList, RefusesWhatWasCut) {
  const std::string whole = captured("fds_go1.26_body_1.txt");
  for (std::size_t size = 0; size < whole.size(); size += size < 2900 ? 13 : 1) {
    const auto list = parse_fd_list(whole.substr(0, size));
    EXPECT_FALSE(list) << size;
  }
}

TEST(ParseFdList, RefusesOtherTexts) {
  for (const std::string& text :
       {std::string(), std::string("soakwatch-fds\t2\n") + end(0), kBegin, kBegin + end(1),
        kBegin + "x\tREG\t-\t-\t-\t-\t/a\n" + end(1), kBegin + "1\tREG\t-\t-\t-\t/a\n" + end(1),
        kBegin + "1\tREG\t-\t-\t-\t-\t/a\tb\n" + end(1),
        kBegin + "1\tREG\t-\t-\t-\t-\t\\x\n" + end(1),
        kBegin + "1\tREG\t-\t-\t-\t-\t\\xzz\n" + end(1), kBegin + end(0) + end(0),
        kBegin + "end\tlisted=0\tunlisted=-1\tunreadable=0\ttables_missing=-\n"}) {
    EXPECT_FALSE(parse_fd_list(text)) << text;
  }
  EXPECT_TRUE(parse_fd_list(kBegin + end(0)));
}

TEST(ParseFdList, StopsAtItsLimit) {
  std::string text = kBegin;
  for (std::size_t i = 0; i <= kMaxCapturedFds; ++i) text += "1\tFIFO\t-\t-\t-\t-\tp\n";
  const auto list = parse_fd_list(text + end(kMaxCapturedFds + 1));
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().kind, ErrorKind::kTooLarge);
}

OpenFd file(std::uint32_t number, const std::string& path) {
  OpenFd fd;
  fd.number = number;
  fd.type = FdType::kFile;
  fd.target = path;
  return fd;
}

TEST(OpenInBoth, IsWhatStayedOpen) {
  FdList before;
  before.fds = {file(3, "/a"), file(4, "/b"), file(5, "/c")};
  FdList after;
  after.fds = {file(3, "/a"), file(4, "/other"), file(6, "/c")};
  const FdList both = open_in_both(before, after);
  ASSERT_EQ(both.fds.size(), 1U);
  EXPECT_EQ(both.fds[0].number, 3U);
}

TEST(FilesOpenOften, CountsExactPathsOfFiles) {
  FdList list;
  for (std::uint32_t i = 0; i < 5; ++i) list.fds.push_back(file(i, "/often"));
  for (std::uint32_t i = 5; i < 8; ++i) list.fds.push_back(file(i, "/less"));
  for (std::uint32_t i = 8; i < 18; ++i) list.fds.push_back(file(i, "/f" + std::to_string(i)));
  for (std::uint32_t i = 20; i < 30; ++i) {
    list.fds.push_back(file(i, "/dev/null"));
    list.fds.back().type = FdType::kCharacterDevice;
  }
  const auto often = files_open_often(list, 3, 10);
  ASSERT_EQ(often.size(), 2U);
  EXPECT_EQ(often[0].path, "/often");
  EXPECT_EQ(often[0].count, 5U);
  EXPECT_EQ(often[1].path, "/less");
  EXPECT_EQ(files_open_often(list, 3, 1).size(), 1U);
  EXPECT_TRUE(files_open_often(list, 6, 10).empty());
}

}  // namespace
}  // namespace soakwatch
