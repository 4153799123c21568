#include "evidence/stuck_goroutines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "evidence/goroutine_dump.h"

namespace soakwatch {
namespace {

using std::chrono::minutes;
using testing::IsEmpty;
using testing::SizeIs;

Group group(std::string state, double count, std::vector<std::string> stack) {
  Group result;
  result.name = stack.front().substr(0, stack.front().find(' '));
  result.state = std::move(state);
  result.stack = std::move(stack);
  result.count = count;
  result.longest_wait = minutes(34);
  return result;
}

std::vector<StuckGroup> stuck(Group of, const StuckLimits& limits = {}) {
  Breakdown breakdown;
  breakdown.kind = CaptureKind::kGoroutine;
  breakdown.groups.push_back(std::move(of));
  return stuck_goroutines(breakdown, limits);
}

const std::vector<std::string> kLeak{"main.leak (worker.go:42)",
                                     "created by main.main (main.go:7)"};

TEST(StuckGoroutines, FindsManyThatReceive) {
  Group leak = group("chan receive", 12, kLeak);
  leak.location = "worker.go:42";
  const auto found = stuck(leak);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].on, StuckOn::kChannel);
  EXPECT_EQ(describe(found[0]),
            "12 goroutines wait on a channel (chan receive), the longest for 34 minutes: main.leak "
            "(worker.go:42)");
}

TEST(StuckGoroutines, StaysQuietAboutOneThatWaitsForWork) {
  for (const char* state : {"chan receive", "select", "IO wait", "sync.WaitGroup.Wait"}) {
    EXPECT_THAT(stuck(group(state, 1, kLeak)), IsEmpty()) << state;
    EXPECT_THAT(stuck(group(state, 2, kLeak)), SizeIs(1)) << state;
  }
}

TEST(StuckGoroutines, FindsOneThatNothingCanWake) {
  for (const char* state : {"chan send", "chan send (nil chan)", "select (no cases)", "semacquire",
                            "sync.Mutex.Lock", "sync.RWMutex.RLock"}) {
    EXPECT_THAT(stuck(group(state, 1, kLeak)), SizeIs(1)) << state;
  }
}

TEST(StuckGoroutines, StaysQuietAboutShortAndUnknownWaits) {
  Group of = group("chan send", 5, kLeak);
  of.longest_wait = minutes(1);
  EXPECT_THAT(stuck(of), IsEmpty());
  StuckLimits limits;
  limits.min_wait = minutes(1);
  EXPECT_THAT(stuck(of, limits), SizeIs(1));
  of.longest_wait.reset();
  EXPECT_THAT(stuck(of, limits), IsEmpty());
}

TEST(StuckGoroutines, StaysQuietAboutSleepAndTheRuntimesWorkers) {
  for (const char* state : {"sleep", "GC worker (idle)", "finalizer wait", "force gc (idle)",
                            "GC scavenge wait", "timer goroutine (idle)", "running", "runnable"}) {
    EXPECT_THAT(stuck(group(state, 9, kLeak)), IsEmpty()) << state;
  }
}

TEST(StuckGoroutines, StaysQuietAboutIdleConnectionsAndSignals) {
  for (const Group& idle :
       {group("IO wait", 50,
              {"internal/poll.runtime_pollWait (netpoll.go:351)", "net.(*conn).Read (net.go:196)",
               "net/http.(*connReader).Read (server.go:812)",
               "net/http.(*conn).serve (server.go:2103)",
               "created by net/http.(*Server).Serve (server.go:3464)"}),
        group("IO wait", 50,
              {"internal/poll.runtime_pollWait (netpoll.go:351)",
               "net/http.(*persistConn).readLoop (transport.go:2330)",
               "created by net/http.(*Transport).dialConn (transport.go:1950)"}),
        group("select", 50,
              {"net/http.(*persistConn).writeLoop (transport.go:2652)",
               "created by net/http.(*Transport).dialConn (transport.go:1951)"}),
        group("syscall", 2,
              {"os/signal.signal_recv (sigqueue.go:152)", "os/signal.loop (signal_unix.go:23)",
               "created by os/signal.Notify.func1.1 (signal.go:152)"})}) {
    EXPECT_THAT(stuck(idle), IsEmpty()) << idle.stack[1];
  }
}

TEST(StuckGoroutines, FindsResponsesThatNobodyCloses) {
  EXPECT_THAT(stuck(group("select", 1,
                          {"net/http.(*persistConn).readLoop (transport.go:2450)",
                           "created by net/http.(*Transport).dialConn (transport.go:1950)"})),
              SizeIs(1));
}

TEST(StuckGoroutines, FindsTheLibraryAtWorkForTheProgram) {
  EXPECT_THAT(stuck(group("IO wait", 3,
                          {"internal/poll.runtime_pollWait (netpoll.go:351)", "io.Copy (io.go:388)",
                           "created by main.proxy (proxy.go:20)"})),
              SizeIs(1));
}

TEST(StuckGoroutines, StaysQuietAboutListeners) {
  EXPECT_THAT(stuck(group("IO wait", 4,
                          {"internal/poll.(*FD).Accept (fd_unix.go:613)", "main.serve (main.go:9)",
                           "created by main.main (main.go:7)"})),
              IsEmpty());
}

TEST(StuckGoroutines, TellsTheMainGoroutineThatWaitsFromOneInADeadlock) {
  const std::vector<std::string> main{"main.main (main.go:7)"};
  EXPECT_THAT(stuck(group("chan receive", 1, main)), IsEmpty());
  EXPECT_THAT(stuck(group("select (no cases)", 1, main)), IsEmpty());
  EXPECT_THAT(stuck(group("sync.Mutex.Lock", 1, main)), SizeIs(1));
}

TEST(StuckGoroutines, ListsTheGreatestGroupsUpToTheLimit) {
  Breakdown breakdown;
  breakdown.kind = CaptureKind::kGoroutine;
  for (const double count : {3, 9, 5}) breakdown.groups.push_back(group("select", count, kLeak));
  StuckLimits limits;
  limits.max_groups = 2;
  const auto found = stuck_goroutines(breakdown, limits);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].group.count, 9);
  EXPECT_EQ(found[1].group.count, 5);
  breakdown.kind = CaptureKind::kHeap;
  EXPECT_THAT(stuck_goroutines(breakdown, limits), IsEmpty());
}

TEST(StuckGoroutines, FindsThePlantedOnesOfARealProgram) {
  for (const char* name : {"debug2_go1.19.txt", "debug2_go1.26.txt"}) {
    SCOPED_TRACE(name);
    std::ifstream file(std::string(SOAKWATCH_FIXTURES "/evidence/goroutines/") + name);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto dump = parse_goroutine_dump(text, {});
    ASSERT_TRUE(dump);
    std::vector<std::string> names;
    for (const StuckGroup& found : stuck_goroutines(*dump, {})) names.push_back(found.group.name);
    EXPECT_THAT(names, testing::UnorderedElementsAre("main.receive", "main.send", "main.sendNil",
                                                     "main.selectNone", "main.lock",
                                                     "main.readLock", "main.writeLock",
                                                     "main.main",  // `go io.Copy`, on a lock
                                                     "net/http.(*persistConn).readLoop"));
  }
}

}  // namespace
}  // namespace soakwatch
