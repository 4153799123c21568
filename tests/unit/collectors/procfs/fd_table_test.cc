// Over captured and written trees; fd_table_live_test.cc has the real /proc.
#include "collectors/procfs/fd_table.h"

#include <fcntl.h>
#include <gmock/gmock.h>

#include "fixture_tree.h"

namespace soakwatch {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Result<std::string> table_of(const std::filesystem::path& folder, FdTableLimits limits = {}) {
  const auto process = ProcessDirectory::open(AT_FDCWD, folder.string());
  if (!process) return process.error();
  return read_fd_table(*process, limits);
}

TEST(FdTable, WritesDownWhatAGoProgramHasOpen) {
  const auto text = table_of(captured_tree("linux-6.18") / "4002");
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, StartsWith("soakwatch-fds\t1\n"));
  for (const char* line :
       {"\n0\tCHR\t-\t-\t-\t-\t/dev/null\n",
        "\n3\tSOCK\ttcp\t127.0.0.1:16060\t-\tLISTEN\tsocket:[49796]\n",
        "\n5\tanon\t-\t-\t-\t-\tanon_inode:[eventpoll]\n", "\n6\tFIFO\t-\t-\t-\t-\tpipe:[49797]\n",
        "\n9\tSOCK\ttcp\t127.0.0.1:16060\t127.0.0.1:39066\tESTABLISHED\tsocket:[49801]\n"}) {
    EXPECT_THAT(*text, HasSubstr(line));
  }
  EXPECT_THAT(*text, EndsWith("\nend\tlisted=10\tunlisted=0\tunreadable=0\ttables_missing=-\n"));
}

class FdTableWritten : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(tree_.root() / "7/fd"); }
  void link(int number, const std::string& target) const {
    std::filesystem::create_symlink(target, tree_.root() / "7/fd" / std::to_string(number));
  }
  [[nodiscard]] Result<std::string> table(FdTableLimits limits = {}) const {
    return table_of(tree_.root() / "7", limits);
  }
  WrittenTree tree_;
};

TEST_F(FdTableWritten, EscapesHostileTargets) {
  link(3, "/no/such\nend\tlisted=0\\\x1b[31m \xc3\xa9");
  EXPECT_THAT(
      *table(),
      HasSubstr("\n3\t?\t-\t-\t-\t-\t/no/such\\x0aend\\x09listed=0\\x5c\\x1b[31m \xc3\xa9\n"));
}

TEST_F(FdTableWritten, CountsWhatIsBeyondItsLimits) {
  for (int i = 0; i < 9; ++i) link(i, "pipe:[" + std::to_string(i) + "]");
  FdTableLimits limits;
  limits.max_fds = 4;
  EXPECT_THAT(*table(limits),
              EndsWith("\nend\tlisted=4\tunlisted=5\tunreadable=0\ttables_missing=-\n"));
  limits.max_fds = 100;
  limits.max_text_bytes = 20;
  EXPECT_THAT(*table(limits), Not(HasSubstr("unlisted=0")));
  limits.max_text_bytes = 1 << 20;
  EXPECT_THAT(*table(limits), HasSubstr("listed=9\tunlisted=0\t"));
}

TEST_F(FdTableWritten, SaysWhichTablesMissSomething) {
  link(3, "socket:[42]");
  link(4, "socket:[43]");
  const std::string header = "  sl  local_address rem_address   st\n";
  tree_.write("7/net/tcp", header + "0: 0100007F:1 0200007F:2 08 0:0 0:0 0 0 0 42 1\n");
  tree_.write("7/net/tcp6", header + "0: nonsense\n");
  const auto text = table();
  EXPECT_THAT(*text,
              HasSubstr("\n3\tSOCK\ttcp\t127.0.0.1:1\t127.0.0.2:2\tCLOSE_WAIT\tsocket:[42]\n"));
  EXPECT_THAT(*text, HasSubstr("\n4\tSOCK\t-\t-\t-\t-\tsocket:[43]\n"));
  EXPECT_THAT(*text, EndsWith("tables_missing=tcp6\n"));
}

TEST_F(FdTableWritten, ReadsLongTablesInPiecesAndUpToTheirLimit) {
  link(3, "socket:[9999]");
  std::string rows = "  sl  local_address rem_address   st\n";
  for (int i = 5000; i < 10000; ++i) {
    rows += "   0: 0100007F:0001 0200007F:0002 01 00000000:00000000 00:00000000 00000000 0 0 " +
            std::to_string(i) + " 1\n";
  }
  tree_.write("7/net/tcp", rows);
  EXPECT_THAT(*table(), HasSubstr("127.0.0.2:2\tESTABLISHED"));
  FdTableLimits limits;
  limits.max_socket_table_bytes = 1000;
  EXPECT_THAT(*table(limits), HasSubstr("\n3\tSOCK\t-\t-\t-\t-\tsocket:[9999]\n"));
  EXPECT_THAT(*table(limits), EndsWith("tables_missing=tcp\n"));
}

TEST_F(FdTableWritten, IsNotFoundWithoutAProcess) {
  std::filesystem::remove_all(tree_.root() / "7/fd");
  EXPECT_EQ(table().error().kind, ErrorKind::kNotFound);
}

TEST(FdTableColumn, TellsADashFromNothing) {
  EXPECT_EQ(fd_table_column(""), "-");
  EXPECT_EQ(fd_table_column("-"), "\\x2d");
  EXPECT_EQ(fd_table_column("a-b"), "a-b");
}

}  // namespace
}  // namespace soakwatch
