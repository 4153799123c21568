#include "evidence/profile_breakdown.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "evidence/gunzip.h"
#include "evidence/read_breakdown.h"
#include "evidence/stack_key.h"
#include "fixture_file.h"
#include "profile_builder.h"

namespace soakwatch {
namespace {

using testing::ElementsAre;

Breakdown breakdown_of(const std::string& bytes, const CaptureLimits& limits = {}) {
  auto breakdown = read_breakdown(bytes, limits);
  if (!breakdown) throw std::runtime_error(breakdown.error().message);
  return std::move(*breakdown);
}

ProfileBuilder heap() {
  ProfileBuilder builder;
  builder.type("alloc_objects", "count").type("alloc_space", "bytes");
  builder.type("inuse_objects", "count").type("inuse_space", "bytes");
  builder.frame(1, "bytes.growSlice", "/go/buffer.go", 5);
  builder.frame(2, "main.keep", "/src/keep.go", 10);
  builder.frame(3, "main.handleA", "/src/handle.go", 20);
  builder.frame(4, "main.handleB", "/src/handle.go", 30);
  builder.frame(5, "net/http.(*conn).serve", "/go/server.go", 40);
  return builder;
}

TEST(ProfileBreakdown, OfMemoryIsByTheLineAndItsCaller) {
  const Breakdown result = breakdown_of(heap()
                                            .sample({1, 2, 3, 5}, {9, 900, 2, 200})
                                            .sample({2, 3, 5}, {9, 900, 1, 300})
                                            .sample({2, 4, 5}, {9, 900, 1, 100})
                                            .sample({1, 5}, {9, 900, 1, 50})
                                            .sample({1, 4}, {9, 900, 0, 0})
                                            .bytes());
  EXPECT_EQ(result.kind, CaptureKind::kHeap);
  EXPECT_EQ(result.total_count, 5);
  EXPECT_EQ(result.total_bytes, 650);
  ASSERT_EQ(result.groups.size(), 3U);
  const Group& first = result.groups[0];
  EXPECT_EQ(first.name, "main.keep");
  EXPECT_EQ(first.location, "keep.go:10");
  EXPECT_EQ(first.count, 3);
  EXPECT_EQ(first.bytes, 500);
  EXPECT_EQ(first.stack.front(), "main.keep (keep.go:10)");  // of the heavier sample
  EXPECT_EQ(result.groups[1].name, "main.keep");
  EXPECT_NE(result.groups[1].key, first.key);
  EXPECT_EQ(result.groups[2].name, "bytes.growSlice");  // all the library's
}

TEST(ProfileBreakdown, OfAllocsCountsAllThatWasAsked) {
  const Breakdown result =
      breakdown_of(heap().text_field(14, "alloc_space").sample({2, 3}, {9, 900, 1, 100}).bytes());
  EXPECT_EQ(result.kind, CaptureKind::kAllocs);
  EXPECT_EQ(result.total_bytes, 900);
  EXPECT_EQ(result.groups[0].count, 9);
}

TEST(ProfileBreakdown, OfGoroutinesIsByStackWithWhatTheyWaitFor) {
  ProfileBuilder builder;
  builder.type("goroutine", "count");
  builder.frame(1, "runtime.gopark", "/go/proc.go", 1);
  builder.frame(2, "runtime.chanrecv1", "/go/chan.go", 2);
  builder.frame(3, "runtime.chanrecv2", "/go/chan.go", 3);
  builder.frame(4, "main.wait", "/src/wait.go", 4);
  builder.frame(5, "runtime.netpollblock", "/go/netpoll.go", 5);
  builder.frame(6, "internal/poll.(*FD).Read", "/go/fd.go", 6);
  builder.frame(7, "net/http.(*conn).serve", "/go/server.go", 7);
  builder.sample({1, 2, 4}, {40}).sample({1, 3, 4}, {2}).sample({1, 5, 6, 7}, {9});
  builder.sample({4}, {1});
  const Breakdown result = breakdown_of(*gzip(builder.bytes()));
  EXPECT_EQ(result.kind, CaptureKind::kGoroutine);
  EXPECT_EQ(result.total_count, 52);
  ASSERT_EQ(result.groups.size(), 2U);
  // Frames of the runtime make no group of their own.
  EXPECT_EQ(result.groups[0].count, 43);
  EXPECT_EQ(result.groups[0].name, "main.wait");
  EXPECT_EQ(result.groups[0].state, "chan receive");
  EXPECT_EQ(result.groups[0].key, "main.wait (wait.go:4)");
  EXPECT_THAT(result.groups[0].stack,
              ElementsAre("runtime.gopark (proc.go:1)", "runtime.chanrecv1 (chan.go:2)",
                          "main.wait (wait.go:4)"));
  // Where all is the library's, it is named after what it began with.
  EXPECT_EQ(result.groups[1].name, "net/http.(*conn).serve");
  EXPECT_EQ(result.groups[1].state, "IO wait");
}

TEST(ProfileBreakdown, OfCpuIsSecondsByFunction) {
  ProfileBuilder builder;
  builder.type("samples", "count").type("cpu", "nanoseconds");
  builder.frame(1, "runtime.memmove", "/go/memmove.s", 1);
  builder.frame(2, "main.work", "/src/work.go", 2);
  builder.function(3, "main.main", "/src/main.go").location(3, {{2, 9}});
  builder.sample({1, 2}, {2, 20'000'000}).sample({3}, {150, 1'500'000'000});
  const Breakdown result = breakdown_of(builder.bytes());
  EXPECT_EQ(result.kind, CaptureKind::kCpu);
  ASSERT_EQ(result.groups.size(), 1U);  // two lines of one function
  EXPECT_EQ(result.groups[0].name, "main.work");
  EXPECT_DOUBLE_EQ(result.groups[0].count, 1.52);
  EXPECT_EQ(result.groups[0].bytes, 0);
}

TEST(ProfileBreakdown, OfCodeWithoutNames) {
  ProfileBuilder builder;
  builder.type("cpu", "nanoseconds").mapping(1, "/lib/libc.so.6").location(1, {}, 1);
  builder.frame(2, "main.work", "/src/work.go", 2);
  const Breakdown result =
      breakdown_of(builder.sample({1}, {5}).sample({1, 2}, {9}).sample({}, {1}).bytes());
  ASSERT_EQ(result.groups.size(), 3U);
  EXPECT_EQ(result.groups[0].name, "main.work");
  EXPECT_EQ(result.groups[0].stack.front(), "[libc.so.6]");
  EXPECT_EQ(result.groups[1].name, "[libc.so.6]");
  EXPECT_EQ(result.groups[2].name, "<unknown>");
}

TEST(ProfileBreakdown, KeepsTheHeaviestGroupsAndTheInnermostFrames) {
  CaptureLimits limits;
  limits.profile.max_groups = 1;
  limits.profile.max_group_frames = 2;
  const Breakdown result = breakdown_of(
      heap().sample({2, 3, 5}, {1, 1, 1, 10}).sample({2, 4, 5}, {1, 1, 1, 20}).bytes(), limits);
  ASSERT_EQ(result.groups.size(), 1U);
  EXPECT_EQ(result.groups[0].bytes, 20);
  EXPECT_EQ(result.groups[0].stack.size(), 2U);
  EXPECT_EQ(result.total_bytes, 30);
}

TEST(ProfileBreakdown, RefusesOtherProfiles) {
  const auto result = read_breakdown(ProfileBuilder().type("contentions", "count").bytes());
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, testing::HasSubstr("contentions"));
}

TEST(ProfileBreakdown, IsPrintable) {
  ProfileBuilder builder;
  builder.type("goroutine", "count").frame(1, "main.\x1b[31m\n", "/src/\x07.go", 1);
  const Breakdown result = breakdown_of(builder.sample({1}, {1}).bytes());
  const Group& group = result.groups.at(0);
  for (const std::string& text : {group.key, group.name, group.location, group.stack.at(0)}) {
    EXPECT_EQ(text.find_first_of("\x1b\n\x07"), std::string::npos) << text;
  }
}

class RealProfiles : public testing::TestWithParam<std::string> {};

// The program leaks goroutines in main.(*service).price; see profiles.md.
TEST_P(RealProfiles, NameTheLeak) {
  const std::string end = "_go" + GetParam() + ".pb.gz";
  const Breakdown before = breakdown_of(fixture_file("goroutine_before" + end));
  const Breakdown after = breakdown_of(fixture_file("goroutine_after" + end));
  const auto growth = what_grew(before, after);
  ASSERT_FALSE(growth.empty());
  EXPECT_THAT(growth[0].after.name, testing::StartsWith("main.(*service).price"));
  EXPECT_EQ(growth[0].after.state, "chan send");
  EXPECT_GT(growth[0].share, 0.8);
}

TEST_P(RealProfiles, ShowNoGrowthOfThemselves) {
  for (const char* name : {"goroutine_after", "heap_after", "allocs_after", "cpu_after"}) {
    const Breakdown one = breakdown_of(fixture_file(name + ("_go" + GetParam()) + ".pb.gz"));
    EXPECT_FALSE(one.groups.empty());
    EXPECT_TRUE(what_grew(one, one).empty()) << name;
  }
}
INSTANTIATE_TEST_SUITE_P(OfGo, RealProfiles, testing::Values("1.19", "1.26"),
                         [](const auto& suite) { return suite.index == 0 ? "1_19" : "1_26"; });

TEST(StackKey, IsTheSameWithAndWithoutTheRuntime) {
  const Frame park{"runtime.gopark", "/go/proc.go", 1};
  const Frame wait{"main.wait", "/src/wait.go", 4};
  const Frame run{"main.run", "/src/run.go", 5};
  EXPECT_EQ(stack_key(std::vector{park, wait, run}), stack_key(std::vector{wait, run}));
  EXPECT_NE(stack_key(std::vector{wait, run}), stack_key(std::vector{wait}));
  EXPECT_EQ(stack_key(std::vector{park}), "runtime.gopark (proc.go:1)");
  EXPECT_FALSE(is_of_runtime("runtime/pprof.writeGoroutine"));
}

}  // namespace
}  // namespace soakwatch
