#include "evidence/goroutine_dump.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace soakwatch {
namespace {

using std::chrono::minutes;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

std::string fixture(const std::string& name) {
  std::ifstream file(SOAKWATCH_FIXTURES "/evidence/goroutines/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

Breakdown parse(std::string_view text, const GoroutineDumpLimits& limits = {}) {
  const auto result = parse_goroutine_dump(text, limits);
  if (result) return *result;
  ADD_FAILURE() << result.error().message;
  return {};
}

std::string error_of(std::string_view text, const GoroutineDumpLimits& limits = {}) {
  const auto result = parse_goroutine_dump(text, limits);
  return result ? "no error" : result.error().message;
}

double sum(const Breakdown& breakdown) {
  double count = 0;
  for (const Group& group : breakdown.groups) count += group.count;
  return count;
}

// The first group of that name: the one with the most goroutines.
const Group& named(const Breakdown& breakdown, const std::string& name) {
  static const Group kNone;
  for (const Group& group : breakdown.groups) {
    if (group.name == name) return group;
  }
  ADD_FAILURE() << "no group " << name;
  return kNone;
}

constexpr std::string_view kTwo =
    "goroutine 34 [chan receive, 5 minutes, locked to thread]:\n"
    "main.(*server).run(0xc000012345, {0x1, 0x2}, ...)\n"
    "\t/src/my app/worker.go:42 +0x1d\n"
    "created by main.main in goroutine 1\n"
    "\t/src/my app/main.go:7 +0x85\n"
    "\n"
    "goroutine 35 [chan receive, 9 minutes]:\n"
    "main.(*server).run(0xc000054321, {0x3, 0x4}, ...)\n"
    "\t/src/my app/worker.go:42 +0x1d\n"
    "created by main.main in goroutine 1\n"
    "\t/src/my app/main.go:7 +0x85\n";

TEST(GoroutineDump, GroupsGoroutinesOfOneStack) {
  const Breakdown dump = parse(kTwo);
  EXPECT_EQ(dump.kind, CaptureKind::kGoroutine);
  EXPECT_EQ(dump.total_count, 2);
  EXPECT_FALSE(dump.truncated);
  ASSERT_EQ(dump.groups.size(), 1U);
  const Group& group = dump.groups.front();
  EXPECT_EQ(group.name, "main.(*server).run");
  EXPECT_EQ(group.location, "worker.go:42");
  EXPECT_EQ(group.state, "chan receive");
  EXPECT_EQ(group.count, 2);
  EXPECT_EQ(group.longest_wait, minutes(9));
  EXPECT_THAT(group.stack,
              ElementsAre("main.(*server).run (worker.go:42)", "created by main.main (main.go:7)"));
}

TEST(GoroutineDump, KeepsWaitReasonsLinesAndCreatorsApart) {
  for (const auto& [was, is] : std::vector<std::pair<std::string, std::string>>{
           {"chan receive, 9", "select, 9"},
           {"worker.go:42 +0x1d\ncreated by main.main in goroutine 1\n\t/src/my app/main.go:7 "
            "+0x85\n",
            "worker.go:43 +0x1d\ncreated by main.main in goroutine 1\n\t/src/my app/main.go:7 "
            "+0x85\n"},
           {"main.go:7 +0x85\n", "main.go:8 +0x85\n"}}) {
    std::string text(kTwo);
    text.replace(text.rfind(was), was.size(), is);
    EXPECT_EQ(parse(text).groups.size(), 2U) << is;
  }
}

TEST(GoroutineDump, HasTheSameKeyInTwoDumpsOfAProgram) {
  std::string later(kTwo.substr(kTwo.find("goroutine 35")));
  later.replace(later.find("9 minutes"), 9, "30 minutes");
  EXPECT_EQ(parse(later).groups.at(0).key, parse(kTwo).groups.at(0).key);
}

struct Expected {
  std::string name;
  std::string old_state;  // of Go 1.19
  std::string new_state;
};

TEST(GoroutineDump, ReadsDebug2OfRealPrograms) {
  for (const bool is_new : {false, true}) {
    SCOPED_TRACE(is_new);
    const Breakdown dump = parse(fixture(is_new ? "debug2_go1.26.txt" : "debug2_go1.19.txt"));
    EXPECT_EQ(sum(dump), dump.total_count);
    EXPECT_FALSE(dump.truncated);
    for (const Expected& expected : std::vector<Expected>{
             {"main.receive", "chan receive", "chan receive"},
             {"main.(*server).run", "chan receive", "chan receive"},
             {"main.send", "chan send", "chan send"},
             {"main.rangeOver", "chan receive", "chan receive"},
             {"main.selectTwo", "select", "select"},
             {"main.selectNone", "select (no cases)", "select (no cases)"},
             {"main.receiveNil", "chan receive (nil chan)", "chan receive (nil chan)"},
             {"main.sendNil", "chan send (nil chan)", "chan send (nil chan)"},
             {"main.lock", "semacquire", "sync.Mutex.Lock"},
             {"main.readLock", "semacquire", "sync.RWMutex.RLock"},
             {"main.writeLock", "semacquire", "sync.Mutex.Lock"},
             {"main.waitGroup", "semacquire", "sync.WaitGroup.Wait"},
             {"main.waitCond", "sync.Cond.Wait", "sync.Cond.Wait"},
             {"main.sleep", "sleep", "sleep"},
             {"main.locked", "chan receive", "chan receive"},
             {"main.inC", "syscall", "syscall"},
             {"main.readNet", "IO wait", "IO wait"},
             {"main.readFile", "IO wait", "IO wait"},
             {"main.readRaw", "syscall", "syscall"},
             {"main.generic[...]", "chan receive", "chan receive"}}) {
      const Group& group = named(dump, expected.name);
      EXPECT_EQ(group.state, is_new ? expected.new_state : expected.old_state) << expected.name;
      EXPECT_EQ(group.longest_wait, minutes(7)) << expected.name;
    }
    // Three plain ones and a labelled one differ in who created them.
    EXPECT_EQ(named(dump, "main.receive").count, 3);
    // All of `go http.Serve(...)` and `go io.Copy(...)` is the library's, but for who wrote it.
    for (const std::string state : {"IO wait", "semacquire"}) {
      const auto found = std::find_if(
          dump.groups.begin(), dump.groups.end(),
          [&](const Group& group) { return group.name == "main.main" && group.state == state; });
      ASSERT_NE(found, dump.groups.end()) << state;
      EXPECT_THAT(found->stack.back(), StartsWith("created by main.main (main.go"));
    }
    EXPECT_EQ(named(dump, "os/signal.signal_recv").state, "syscall");
  }
}

TEST(GoroutineDump, ReadsDebug1OfRealPrograms) {
  for (const bool is_new : {false, true}) {
    SCOPED_TRACE(is_new);
    const Breakdown dump = parse(fixture(is_new ? "debug1_go1.26.txt" : "debug1_go1.19.txt"));
    EXPECT_EQ(sum(dump), dump.total_count);
    EXPECT_FALSE(dump.truncated);
    for (const auto& [name, state] : std::vector<std::pair<std::string, std::string>>{
             {"main.(*server).run", "chan receive or send"},
             {"main.send", "chan receive or send"},
             {"main.sendNil", "chan receive or send"},
             {"main.selectTwo", "select"},
             {"main.selectNone", "select"},
             {"main.lock", "sync.Mutex.Lock"},
             {"main.readLock", "sync.RWMutex.RLock"},
             {"main.waitGroup", "sync.WaitGroup.Wait"},
             {"main.waitCond", "sync.Cond.Wait"},
             {"main.sleep", "sleep"},
             {"main.readNet", "IO wait"},
             {"main.readFile", "IO wait"},
             {"main.readRaw", "syscall"},
             {"main.main", "chan receive or send"}}) {
      EXPECT_EQ(named(dump, name).state, state) << name;
      EXPECT_EQ(named(dump, name).longest_wait, std::nullopt);
    }
    // Three without labels, one with; the one that a timer started has a stack of its own.
    const Group& receive = named(dump, "main.receive");
    EXPECT_EQ(receive.count, 4);
    EXPECT_EQ(receive.location, "main.go:33");
    EXPECT_THAT(receive.stack, ElementsAre("main.receive (main.go:33)"));
  }
}

TEST(GoroutineDump, SaysNoStateWhereTheRuntimesFramesAreMissing) {
  constexpr std::string_view kText =
      "goroutine profile: total 2\n"
      "2 @ 0x48aaae 0x41afee 0x41ab12 0x6a9f5c 0x492381\n"
      "#\t0x6a9f5b\tmain.receive+0x1b\t/src/main.go:33\n\n";
  EXPECT_EQ(parse(kText).groups.at(0).state, "");  // whether it is parked is told by nobody
  const std::string with_sleep = "goroutine profile: total 4\n" +
                                 std::string(kText.substr(kText.find("2 @"))) +
                                 "1 @ 0x48aaae 0x48eb85 0x6aa31d 0x492381\n"
                                 "#\t0x48eb84\ttime.Sleep+0x164\t/go/src/runtime/time.go:363\n"
                                 "#\t0x6aa31c\tmain.sleep+0x1c\t\t/src/main.go:55\n\n"
                                 "1 @ 0x48aaaf 0x41afee 0x41ab12 0x6b0001 0x492381\n"
                                 "#\t0x6b0000\tmain.spin+0x1c\t\t/src/main.go:60\n\n";
  EXPECT_EQ(named(parse(with_sleep), "main.receive").state, "chan receive or send");
  EXPECT_EQ(named(parse(with_sleep), "main.spin").state, "running");
}

TEST(GoroutineDump, ReadsWhatDyingProgramsWrite) {
  for (const char* name : {"sigquit_go1.19.txt", "sigquit_go1.26.txt"}) {
    SCOPED_TRACE(name);
    const Breakdown dump = parse(fixture(name));
    EXPECT_EQ(sum(dump), dump.total_count);
    EXPECT_FALSE(dump.truncated);
    EXPECT_GT(dump.total_count, 5);
    EXPECT_EQ(named(dump, "main.main").state, "chan receive");
    EXPECT_EQ(named(dump, "runtime.notetsleepg").state, "syscall");
  }
  const Breakdown panic = parse(fixture("panic_go1.26.txt"));
  EXPECT_EQ(panic.total_count, 2);
  EXPECT_EQ(named(panic, "main.main").state, "running");
  EXPECT_EQ(named(panic, "main.worker").location, "main.go:3");
  const Breakdown run = parse(fixture("go_run_panic_go1.26.txt"));
  EXPECT_EQ(named(run, "main.main").location, "main.go:9");
  EXPECT_FALSE(run.truncated);
}

TEST(GoroutineDump, ReadsDumpsAmongOtherLines) {
  const std::string text = "2026/01/02 listening (port 80)\nfatal error: all is lost\n\n" +
                           std::string(
                               "runtime stack:\nruntime.throw({0x1, 0x2})\n"
                               "\t/go/src/runtime/panic.go:1 +0x1 fp=0x1 sp=0x2\n\n") +
                           std::string(kTwo) +
                           "[originating from goroutine 1]:\nmain.main(...)\n\t/src/a.go:1 +0x5\n"
                           "\n2026/01/02 started again\n";
  const Breakdown dump = parse(text);
  EXPECT_EQ(dump.total_count, 2);
  EXPECT_EQ(dump.groups.size(), 1U);
  EXPECT_FALSE(dump.truncated);
}

TEST(GoroutineDump, SaysWhereFramesAreLeftOut) {
  const Breakdown old = parse(
      "goroutine 7 [select]:\nmain.f()\n\t/src/a.go:3 +0x2\n...additional frames elided...\n"
      "created by main.main\n\t/src/a.go:9 +0x2\n");
  EXPECT_THAT(old.groups.at(0).stack,
              ElementsAre("main.f (a.go:3)", "frames left out", "created by main.main (a.go:9)"));
  EXPECT_EQ(parse(fixture("deep_go1.19.txt")).groups.at(0).name, "main.deep");
  const Breakdown deep = parse(fixture("deep_go1.26.txt"));
  EXPECT_THAT(deep.groups.at(0).stack, testing::Contains("frames left out"));
  EXPECT_EQ(deep.groups.at(0).name, "main.deep");
  GoroutineDumpLimits limits;
  limits.max_frames = 10;
  EXPECT_EQ(parse(fixture("deep_go1.26.txt"), limits).groups.at(0).stack.size(), 12U);
}

TEST(GoroutineDump, NamesWhatHasNoFrames) {
  const Breakdown dump = parse(
      "goroutine 9 [running]:\n\tgoroutine running on other thread; stack unavailable\n"
      "created by main.start\n\t/src/a.go:3 +0x2\n\ngoroutine 10 [syscall, locked to thread]:\n"
      "non-Go function at pc=7f0000001234\nruntime.goexit()\n\t/go/src/runtime/asm.s:1\n");
  EXPECT_EQ(named(dump, "main.start").state, "running");
  EXPECT_EQ(named(dump, "non-Go function").state, "syscall");
  const Breakdown counts = parse("goroutine profile: total 3\r\n3 @ 0x48aaae 0x492381\r\n\r\n");
  EXPECT_EQ(named(counts, "unknown function").count, 3);
}

TEST(GoroutineDump, SaysThatDebug2IsCutOff) {
  const std::string text = fixture("debug2_go1.26.txt");
  const Breakdown whole = parse(text);
  const std::size_t last = text.rfind("\ngoroutine ");
  // Anywhere within the last goroutine but its first word, the line breaks between whole frames,
  // and the offset that ends it.
  for (std::size_t size = last + 12; size + 6 < text.size(); ++size) {
    if (text[size - 1] == '\n' && text[size] != '\t') continue;
    const Breakdown cut = parse(std::string_view(text).substr(0, size));
    ASSERT_TRUE(cut.truncated) << size;
    ASSERT_LE(cut.total_count, whole.total_count) << size;
    ASSERT_EQ(sum(cut), whole.total_count - 1) << size;
  }
  EXPECT_FALSE(parse(std::string_view(text).substr(0, last)).truncated);
  EXPECT_FALSE(parse(kTwo.substr(0, kTwo.size() - 1)).truncated);  // the last line's end alone
}

TEST(GoroutineDump, SaysThatDebug1IsCutOff) {
  const std::string text = fixture("debug1_go1.26.txt");
  const double total = parse(text).total_count;
  for (std::size_t size = text.find('\n') + 1; size + 1 < text.size(); size += 7) {
    if (size > text.rfind(" @ ") && text[size - 1] == '\n') continue;  // nobody is missing
    const Breakdown cut = parse(std::string_view(text).substr(0, size));
    ASSERT_TRUE(cut.truncated) << size;
    ASSERT_EQ(cut.total_count, total) << size;
    ASSERT_LT(sum(cut), total) << size;
  }
  // All are there; only the empty line at the end is not.
  EXPECT_FALSE(parse(std::string_view(text).substr(0, text.size() - 1)).truncated);
}

TEST(GoroutineDump, RefusesWhatIsNone) {
  EXPECT_THAT(error_of(""), HasSubstr("empty"));
  EXPECT_THAT(error_of("404 page not found\n"), HasSubstr("no goroutine"));
  EXPECT_THAT(error_of("heap profile: 1: 2 [3: 4] @ heap/1\n"), HasSubstr("no goroutine"));
  EXPECT_THAT(error_of(std::string(1 << 16, '\n')), HasSubstr("no goroutine"));
  EXPECT_THAT(error_of("goroutine profile: total 0\n"), StartsWith("line 1: "));
  EXPECT_THAT(error_of("goroutine profile: total "), StartsWith("line 1: cut off"));
}

TEST(GoroutineDump, SaysInWhichLineItIsDamaged) {
  const std::string head = "goroutine 1 [running]:\n";
  const std::string frame = "main.main()\n\t/src/a.go:1 +0x1\n";
  for (const auto& [text, error] : std::vector<std::pair<std::string, std::string>>{
           {"goroutine 1 [running\n" + frame, "line 1: not the first line"},
           {"goroutine 1 [select, x minutes]:\n" + frame, "line 1: not a number of minutes"},
           {"goroutine 1 [select, 99999999999999999999 minutes]:\n", "line 1: not a number"},
           {head + "main.main()\nmain.main()\n\t/src/a.go:1\n", "line 3: expected the place"},
           {head + "main.main()\n\n", "line 3: the function before has no place"},
           {head + "\t/src/a.go:1\n", "line 2: a place without a function"},
           {head + "main.main()\n\tsrc\n", "line 3: not a file"},
           {head + frame + "\ngorutine 2 [running]:\n" + frame, "line 7: a stack without"},
           {head + "main.\x1b[31m\n\n", "line 3: "},
           {"goroutine profile: total 1\nx @ 0x1\n\n", "line 2: not a count"},
           {"goroutine profile: total 1\n2 @ 0x1\n\n", "line 2: more goroutines than the 1"},
           {"goroutine profile: total 1\n#\t0x1\n\n", "line 2: a frame without a count"},
           {"goroutine profile: total 1\n1 @ 0x1\n#\tzz\n\n", "line 3: not an address"},
           {"goroutine profile: total 1\n1 @ 0x1\n#\t0x1\tmain.main\ta:1\n\n", "line 3: not a fun"},
           {"goroutine profile: total 1\n1 @ 0x1\n#\t0x1\tf+0x1\ta\n\n", "line 3: not a file"},
           {"goroutine profile: total 1\n1 @ 0x1\n# x\n\n", "line 3: neither"}}) {
    EXPECT_THAT(error_of(text), StartsWith(error)) << text;
  }
}

TEST(GoroutineDump, RefusesLongLinesOfItsOwnOnly) {
  GoroutineDumpLimits limits;
  limits.max_line_bytes = 100;
  const std::string log = std::string(500, 'x') + "\n\n";
  EXPECT_EQ(parse(log + std::string(kTwo), limits).total_count, 2);
  EXPECT_EQ(error_of("goroutine 1 [running]:\n" + log, limits), "line 2: longer than 100 bytes");
  EXPECT_EQ(error_of("goroutine profile: total 1\n" + log, limits),
            "line 2: longer than 100 bytes");
}

TEST(GoroutineDump, KeepsTheHeaviestOfMoreStacksThanItsLimit) {
  GoroutineDumpLimits limits;
  limits.max_groups = 10;
  std::string text;
  int total = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto add = [&](int line) {
      text +=
          fmt::format("goroutine {} [select]:\nmain.f()\n\t/src/a.go:{} +0x1\n\n", ++total, line);
    };
    add(100 + i);
    if (i % 4 == 0) add(7);
  }
  const Breakdown dump = parse(text, limits);
  EXPECT_EQ(dump.groups.size(), 10U);
  EXPECT_EQ(dump.total_count, total);
  EXPECT_EQ(dump.groups.front().location, "a.go:7");
  EXPECT_EQ(dump.groups.front().count, 250);
}

TEST(GoroutineDump, ReadsADumpOfMegabytes) {
  std::string text;
  int total = 0;
  while (text.size() < 5U << 20) {
    ++total;
    text += fmt::format(
        "goroutine {} [chan receive, {} minutes]:\nmain.leak{}(0xc{:x})\n\t/src/a.go:5 +0x1d\n"
        "created by main.main in goroutine 1\n\t/src/main.go:9 +0x85\n\n",
        total, total % 90 + 1, total % 3, total);
  }
  const Breakdown dump = parse(text);
  EXPECT_EQ(dump.total_count, total);
  EXPECT_EQ(sum(dump), total);
  ASSERT_EQ(dump.groups.size(), 3U);
  EXPECT_EQ(named(dump, "main.leak0").longest_wait, minutes(88));
  EXPECT_EQ(named(dump, "main.leak2").longest_wait, minutes(90));
}

}  // namespace
}  // namespace soakwatch
