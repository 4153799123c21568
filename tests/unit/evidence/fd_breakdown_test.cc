#include "evidence/fd_breakdown.h"

#include <gmock/gmock.h>

#include "capture_fixture.h"

namespace soakwatch {
namespace {

class Fds {
 public:
  Fds& add(const std::string& columns, int times = 1) {
    for (int i = 0; i < times; ++i) lines_ += std::to_string(count_++) + "\t" + columns + "\n";
    return *this;
  }
  Fds& file(const std::string& path) { return add("REG\t-\t-\t-\t-\t" + path); }
  Fds& tcp(const std::string& local, const std::string& remote, const std::string& state) {
    return add("SOCK\ttcp\t" + local + "\t" + remote + "\t" + state + "\tsocket:[1]");
  }
  [[nodiscard]] Breakdown breakdown(const std::string& unseen = "\tunlisted=0\tunreadable=0",
                                    std::size_t max_groups = kMaxFdGroups) const {
    const auto result =
        read_fd_breakdown("soakwatch-fds\t1\n" + lines_ + "end\tlisted=" + std::to_string(count_) +
                              unseen + "\ttables_missing=-\n",
                          max_groups);
    EXPECT_TRUE(result);
    return result ? *result : Breakdown{};
  }

 private:
  std::string lines_;
  std::size_t count_ = 0;
};

TEST(FdBreakdown, GathersTheFilesOfOneLeak) {
  Fds fds;
  for (int i = 0; i < 40; ++i) {
    fds.file("/tmp/leaky-" + std::to_string(i) + "/leak-" + std::to_string(3 * i) + ".tmp");
  }
  fds.file("/etc/app2.conf");
  const Breakdown breakdown = fds.breakdown();
  EXPECT_EQ(breakdown.kind, CaptureKind::kFds);
  EXPECT_EQ(breakdown.total_count, 41);
  ASSERT_EQ(breakdown.groups.size(), 2U);
  EXPECT_EQ(breakdown.groups[0].name, "file /tmp/leaky-*/leak-*.tmp");
  EXPECT_EQ(breakdown.groups[0].count, 40);
  EXPECT_EQ(breakdown.groups[1].name, "file /etc/app2.conf");  // the only one: as it is
}

TEST(FdBreakdown, KeepsTheKeyWhenASecondFileComes) {
  const auto one = Fds().file("/d/7.log").breakdown();
  const auto two = Fds().file("/d/7.log").file("/d/8.log").breakdown();
  EXPECT_EQ(one.groups[0].name, "file /d/7.log");
  EXPECT_EQ(two.groups[0].name, "file /d/*.log");
  const auto growth = what_grew(one, two);
  ASSERT_EQ(growth.size(), 1U);
  EXPECT_EQ(growth[0].before, 1);
  EXPECT_EQ(growth[0].now, 2);
}

TEST(FdBreakdown, NamesTheOtherEndOfAConnection) {
  const auto breakdown = Fds()
                             .tcp("127.0.0.1:40001", "127.0.0.1:5432", "CLOSE_WAIT")
                             .tcp("127.0.0.1:40002", "127.0.0.1:5432", "CLOSE_WAIT")
                             .tcp("127.0.0.1:40003", "127.0.0.1:5432", "ESTABLISHED")
                             .tcp("[::1]:40003", "[::1]:5432", "ESTABLISHED")
                             .breakdown();
  EXPECT_EQ(group_named(breakdown, "TCP to 127.0.0.1:5432", "CLOSE_WAIT").count, 2);
  EXPECT_EQ(group_named(breakdown, "TCP to 127.0.0.1:5432", "ESTABLISHED").count, 1);
  EXPECT_EQ(group_named(breakdown, "TCP to [::1]:5432", "ESTABLISHED").count, 1);
}

TEST(FdBreakdown, NamesTheOwnEndOfWhatWasAccepted) {
  const auto breakdown = Fds()
                             .tcp("0.0.0.0:8080", "-", "LISTEN")
                             .tcp("127.0.0.1:45000", "-", "LISTEN")
                             .tcp("10.0.0.1:8080", "10.0.0.7:1234", "ESTABLISHED")
                             .tcp("10.0.0.1:8080", "10.0.0.8:51234", "ESTABLISHED")
                             .tcp("127.0.0.1:45000", "127.0.0.1:51234", "CLOSE_WAIT")
                             .tcp("10.0.0.1:443", "10.0.0.8:51234", "ESTABLISHED")
                             .tcp("10.0.0.1:51234", "10.0.0.9:45000", "ESTABLISHED")
                             .breakdown();
  EXPECT_EQ(group_named(breakdown, "TCP accepted on 10.0.0.1:8080", "ESTABLISHED").count, 2);
  EXPECT_EQ(group_named(breakdown, "TCP accepted on 127.0.0.1:45000", "CLOSE_WAIT").count, 1);
  // No listener is seen (it may be a parent's), but 51234 is a port for clients.
  EXPECT_EQ(group_named(breakdown, "TCP accepted on 10.0.0.1:443", "ESTABLISHED").count, 1);
  EXPECT_EQ(group_named(breakdown, "TCP to 10.0.0.9:45000", "ESTABLISHED").count, 1);
  EXPECT_EQ(group_named(breakdown, "TCP listening on 0.0.0.0:8080", "LISTEN").count, 1);
  EXPECT_EQ(group_named(breakdown, "TCP listening on 127.0.0.1:45000", "LISTEN").count, 1);
}

TEST(FdBreakdown, GathersListenersOnPortsThatTheKernelChose) {
  const auto breakdown =
      Fds().tcp("127.0.0.1:45000", "-", "LISTEN").tcp("127.0.0.1:46000", "-", "LISTEN").breakdown();
  EXPECT_EQ(group_named(breakdown, "TCP listening on 127.0.0.1:*", "LISTEN").count, 2);
}

TEST(FdBreakdown, SeesAClientOfBothVersionsOfIpAsOne) {
  const auto breakdown = Fds()
                             .add(
                                 "SOCK\ttcp6\t[::ffff:10.0.0.1]:8080\t[::ffff:10.0.0.7]:"
                                 "51234\tESTABLISHED\tsocket:[1]")
                             .tcp("10.0.0.1:8080", "10.0.0.7:51235", "ESTABLISHED")
                             .breakdown();
  EXPECT_EQ(group_named(breakdown, "TCP accepted on 10.0.0.1:8080", "ESTABLISHED").count, 2);
}

TEST(FdBreakdown, NamesEverythingElse) {
  const auto breakdown = Fds()
                             .add("FIFO\t-\t-\t-\t-\tpipe:[1]", 2)
                             .add("FIFO\t-\t-\t-\t-\t/run/fifo")
                             .add("anon\t-\t-\t-\t-\tanon_inode:[eventfd]", 3)
                             .add("anon\t-\t-\t-\t-\tanon_inode:inotify")
                             .add("anon\t-\t-\t-\t-\tpidfd:[77]")
                             .add("DIR\t-\t-\t-\t-\t/srv")
                             .add("CHR\t-\t-\t-\t-\t/dev/null")
                             .add("REG\t-\t-\t-\t-\t/srv/gone (deleted)")
                             .add("REG\t-\t-\t-\t-\t/memfd:pool (deleted)")
                             .add("SOCK\tunix\t/run/x.sock\t-\tCONNECTED\tsocket:[1]")
                             .add("SOCK\tunix\t-\t-\tCONNECTED\tsocket:[1]")
                             .add("SOCK\tnetlink\t-\t-\t-\tsocket:[1]")
                             .add("SOCK\ttcp\t-\t-\t-\tsocket:[1]")
                             .add("SOCK\tudp\t0.0.0.0:53\t-\tUNCONNECTED\tsocket:[1]")
                             .add("SOCK\t-\t-\t-\t-\tsocket:[1]")
                             .add("?\t-\t-\t-\t-\t/nfs/x")
                             .breakdown();
  EXPECT_EQ(group_named(breakdown, "pipe").count, 2);
  EXPECT_EQ(group_named(breakdown, "eventfd").count, 3);
  for (const auto& [name, state] :
       std::vector<std::pair<std::string, std::string>>{{"named pipe /run/fifo", ""},
                                                        {"inotify", ""},
                                                        {"pidfd", ""},
                                                        {"folder /srv", ""},
                                                        {"device /dev/null", ""},
                                                        {"file /srv/gone", "deleted"},
                                                        {"memfd pool", ""},
                                                        {"unix socket /run/x.sock", "CONNECTED"},
                                                        {"unix socket", "CONNECTED"},
                                                        {"netlink socket", ""},
                                                        {"TCP socket, not connected", ""},
                                                        {"UDP on 0.0.0.0:53", "UNCONNECTED"},
                                                        {"socket", ""},
                                                        {"unknown /nfs/x", ""}}) {
    EXPECT_EQ(group_named(breakdown, name, state).count, 1) << name;
  }
}

TEST(FdBreakdown, CountsWhatCannotBeSeen) {
  const auto breakdown = Fds().file("/a").breakdown("\tunlisted=7\tunreadable=5");
  EXPECT_EQ(breakdown.total_count, 13);
  EXPECT_EQ(group_named(breakdown, "beyond the limit of the list").count, 7);
  EXPECT_EQ(group_named(breakdown, "hidden: the privilege is missing").count, 5);
}

TEST(FdBreakdown, IsPrintable) {
  const auto breakdown = Fds().file("/a\\x1b[31m\\x0ab\xff").breakdown();
  EXPECT_EQ(breakdown.groups.at(0).name, "file /a\\x1b[31m\\x0ab\\xff");
}

TEST(FdBreakdown, KeepsTheTotalWhenGroupsAreLeftOut) {
  Fds fds;
  for (char c = 'a'; c <= 'z'; ++c) fds.file(std::string("/") + c);
  const auto breakdown = fds.file("/z").breakdown("\tunlisted=0\tunreadable=0", 3);
  EXPECT_EQ(breakdown.total_count, 27);
  ASSERT_EQ(breakdown.groups.size(), 3U);
  EXPECT_EQ(breakdown.groups[0].name, "file /z");
}

TEST(FdBreakdown, FindsTheServiceWhoseBodiesAreNotClosed) {
  const auto before = read_fd_breakdown(captured("fds_go1.26_body_1.txt"));
  const auto after = read_fd_breakdown(captured("fds_go1.26_body_2.txt"));
  ASSERT_TRUE(before);
  ASSERT_TRUE(after);
  const auto culprits = culprits_of(CaptureKind::kFds, what_grew(*before, *after), 5);
  ASSERT_EQ(culprits.size(), 2U);  // both ends are in the one process
  EXPECT_EQ(culprits[0].name, "TCP accepted on 127.0.0.1:35501");
  EXPECT_EQ(culprits[1].name, "TCP to 127.0.0.1:35501");
  EXPECT_EQ(culprits[1].state, "ESTABLISHED");
  EXPECT_EQ(culprits[1].before, 8);
  EXPECT_EQ(culprits[1].now, 35);
}

}  // namespace
}  // namespace soakwatch
