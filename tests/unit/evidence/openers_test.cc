#include "evidence/openers.h"

#include <gtest/gtest.h>

#include "capture_fixture.h"
#include "evidence/read_breakdown.h"

namespace soakwatch {
namespace {

struct Leak {
  std::string name;
  std::string detector;
  std::string function;
  std::string state;
  double share = 0.9;  // at least
};

// A body that is not closed holds two goroutines of the client and one of the server.
const Leak kLeaks[] = {
    {"file", "fd_growth", "main.leakFile", "openat"},
    {"body", "fd_growth", "planted/internal/orders.leakBody", "connect"},
    {"body", "goroutine_growth", "planted/internal/orders.leakBody",
     "starts net/http.(*persistConn).readLoop", 0.6},
    {"mapping", "native_memory_growth", "planted/internal/native.leakMapping", "mmap"},
    {"malloc", "anon_memory_growth", "planted/internal/native.leakMalloc", "calls C: filled_block"},
};

std::vector<Culprit> openers_in(const std::string& name, const Leak& leak) {
  const auto trace = read_breakdown(captured("trace/" + name + ".trace.gz"));
  EXPECT_TRUE(trace) << name;
  return trace ? openers(*trace, leak.detector, 5) : std::vector<Culprit>{};
}

TEST(Openers, NamesTheFunctionThatLeaks) {
  for (const Leak& leak : kLeaks) {
    for (const std::string version : {"go1.19_", "go1.26_"}) {
      SCOPED_TRACE(version + leak.name + ", " + leak.detector);
      const auto culprits = openers_in(version + leak.name, leak);
      ASSERT_FALSE(culprits.empty());
      EXPECT_EQ(culprits[0].kind, CaptureKind::kTrace);
      EXPECT_EQ(culprits[0].name, leak.function);
      EXPECT_EQ(culprits[0].state, leak.state);
      EXPECT_GE(culprits[0].share, leak.share);
      EXPECT_EQ(culprits[0].unit, Unit::kCount);
      EXPECT_GE(culprits[0].now, 9);
      EXPECT_FALSE(culprits[0].location.empty());
      EXPECT_FALSE(culprits[0].stack.empty());
    }
  }
}

TEST(Openers, BlamesNobodyWhereAllIsGivenBack) {
  for (const Leak& leak : kLeaks) {
    for (const std::string version : {"go1.19_", "go1.26_"}) {
      for (const Culprit& culprit : openers_in(version + leak.name + "-clean", leak)) {
        EXPECT_LT(culprit.share, 0.6) << version << leak.name << ' ' << to_string(culprit);
      }
    }
  }
}

Group group(const std::string& name, const std::string& state, double count,
            std::vector<std::string> stack = {}) {
  Group result;
  result.name = name;
  result.state = state;
  result.count = count;
  result.stack = std::move(stack);
  if (result.stack.empty()) result.stack = {"syscall." + state + " (z.go:1)", name + " (a.go:7)"};
  result.key = state + name;
  return result;
}

std::vector<Culprit> of(const std::string& detector, std::vector<Group> groups) {
  return openers({CaptureKind::kTrace, std::move(groups), 0, 0}, detector, 5);
}

TEST(Openers, TakesOffWhatTheFunctionClosesItself) {
  const auto culprits = of(
      "fd_growth", {group("main.leak", "openat", 20), group("main.busy", "openat", 500),
                    group("main.busy.func2.1", "close", 300), group("main.busy-fm", "close", 100),
                    group("main.busy.gowrap1", "close", 100)});
  ASSERT_EQ(culprits.size(), 1U);
  EXPECT_EQ(culprits[0].name, "main.leak");
  EXPECT_EQ(culprits[0].now, 20);
  EXPECT_EQ(culprits[0].share, 1);
}

TEST(Openers, TakesOffWhatItsPackageCloses) {
  EXPECT_TRUE(of("fd_growth", {group("app/db.(*pool).open", "connect", 50),
                               group("app/db.(*conn).end", "close", 48)})
                  .empty());
  EXPECT_EQ(
      of("fd_growth", {group("app/db.(*pool).open", "connect", 50), group("main.end", "openat", 1)})
          .size(),
      1U);
}

TEST(Openers, TakesOffWhatAFunctionAboveCloses) {
  const std::vector<std::string> open{"syscall.openat (z.go:1)", "lib/a.open (a.go:1)",
                                      "main.work (m.go:1)"};
  const std::vector<std::string> close{"syscall.Close (z.go:1)", "lib/b.close (b.go:1)",
                                       "created by main.work (m.go:2)"};
  EXPECT_TRUE(of("fd_growth", {group("lib/a.open", "openat", 50, open),
                               group("lib/b.close", "close", 50, close)})
                  .empty());
}

TEST(Openers, TakesNoConnectionOffForAFile) {
  const std::vector<std::string> close{"syscall.Close (z.go:1)", "os.(*File).Close (f.go:1)",
                                       "main.read (m.go:2)"};
  const auto culprits =
      of("fd_growth", {group("main.dial", "connect", 30), group("main.read", "openat", 30),
                       group("main.read", "close", 60, close)});
  ASSERT_EQ(culprits.size(), 1U);
  EXPECT_EQ(culprits[0].name, "main.dial");
  EXPECT_EQ(culprits[0].now, 30);
}

TEST(Openers, LeavesOutWhatChanceExplains) {
  EXPECT_TRUE(of("fd_growth", {group("main.a", "openat", 4)}).empty());
  EXPECT_TRUE(
      of("fd_growth", {group("main.a", "openat", 120), group("main.a", "close", 95)}).empty());
  EXPECT_EQ(of("fd_growth", {group("main.a", "openat", 120), group("main.a", "close", 80)}).size(),
            1U);
}

TEST(Openers, CountsThoseWhomNobodyIsKnownBehind) {
  const auto culprits = of("fd_growth", {group("net/http.(*Server).Serve", "accept4", 75),
                                         group("main.leak", "openat", 25)});
  ASSERT_EQ(culprits.size(), 1U);
  EXPECT_EQ(culprits[0].share, 0.25);
}

TEST(Openers, WeighsMappingsAndCallsIntoCApart) {
  const auto culprits = of("native_memory_growth", {group("main.query", "calls C: step", 900),
                                                    group("main.bind", "calls C: bind", 900),
                                                    group("main.leak", "mmap", 40)});
  ASSERT_EQ(culprits.size(), 3U);
  EXPECT_EQ(culprits[0].name, "main.leak");
  EXPECT_EQ(culprits[1].share, 0.5);
  EXPECT_TRUE(of("native_memory_growth", {group("main.a", "calls C: img_new", 90),
                                          group("main.a", "calls C: img_unref", 90)})
                  .empty());
}

TEST(Openers, SaysNothingOfOtherDetectorsAndKinds) {
  EXPECT_TRUE(of("live_heap_growth", {group("main.leak", "openat", 90)}).empty());
  const Breakdown fds{CaptureKind::kFds, {group("main.leak", "openat", 90)}, 0, 0};
  EXPECT_TRUE(openers(fds, "fd_growth", 5).empty());
  EXPECT_TRUE(
      openers({CaptureKind::kTrace, {group("main.leak", "openat", 90)}, 0, 0}, "fd_growth", 0)
          .empty());
}

}  // namespace
}  // namespace soakwatch
