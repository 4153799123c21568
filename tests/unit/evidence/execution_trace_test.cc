#include "evidence/execution_trace.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "capture_fixture.h"
#include "evidence/gunzip.h"
#include "evidence/read_breakdown.h"

namespace soakwatch {
namespace {

constexpr const char* kVersions[] = {"go1.19", "go1.26"};

std::string trace(const std::string& name) {
  const auto plain = gunzip(captured("trace/" + name + ".trace.gz"), 1 << 20);
  EXPECT_TRUE(plain) << name;
  return plain ? *plain : "";
}

Breakdown parse(std::string_view bytes) {
  const auto breakdown = parse_execution_trace(bytes, {});
  EXPECT_TRUE(breakdown) << breakdown.error().message;
  return breakdown ? *breakdown : Breakdown{};
}

// In the form of Go 1.22 and later; numbers below 128 take one byte.
std::string batch(int generation, int thread, const std::string& content) {
  return std::string{1, static_cast<char>(generation), static_cast<char>(thread), 1,
                     static_cast<char>(content.size())} +
         content;
}

std::string with_header(const std::string& version, const std::string& body) {
  std::string header = "go 1." + version + " trace";
  header.resize(16, '\0');
  return header + body;
}

std::string strings(std::initializer_list<std::pair<char, std::string>> list) {
  std::string bytes{4};
  for (const auto& [id, text] : list) {
    bytes += std::string{5, id, static_cast<char>(text.size())} + text;
  }
  return bytes;
}

// Stacks of functions of file 9, at line 7.
std::string stacks(std::initializer_list<std::pair<char, std::string>> list) {
  std::string bytes{2};
  for (const auto& [id, functions] : list) {
    bytes += std::string{3, id, static_cast<char>(functions.size())};
    for (const char function : functions) bytes += std::string{1, function, 9, 7};
  }
  return bytes;
}

TEST(ExecutionTrace, KnowsItsHeader) {
  EXPECT_TRUE(is_execution_trace(with_header("19", "")));
  EXPECT_TRUE(is_execution_trace(with_header("122", "")));
  EXPECT_FALSE(is_execution_trace("go 1.19 trace"));
  EXPECT_FALSE(is_execution_trace("go 1. trace\0\0\0\0\0\0\0\0"));
  EXPECT_FALSE(is_execution_trace("goroutine profile: total 7\n"));
  EXPECT_FALSE(is_execution_trace(""));
}

TEST(ExecutionTrace, IsToldFromOtherCaptures) {
  const auto breakdown = read_breakdown(captured("trace/go1.26_file.trace.gz"));
  ASSERT_TRUE(breakdown) << breakdown.error().message;
  EXPECT_EQ(breakdown->kind, CaptureKind::kTrace);
  EXPECT_FALSE(breakdown->groups.empty());
}

TEST(ExecutionTrace, NamesWhoOpensFiles) {
  for (const std::string version : kVersions) {
    SCOPED_TRACE(version);
    const Breakdown leaks = parse(trace(version + "_file"));
    EXPECT_FALSE(leaks.truncated);
    const Group opens = group_named(leaks, "main.leakFile", "openat");
    EXPECT_EQ(opens.count, 9);
    EXPECT_EQ(opens.location, "leak_file.go:19");
    ASSERT_FALSE(opens.stack.empty());
    EXPECT_TRUE(opens.stack.front().starts_with("syscall.openat ("));
    EXPECT_EQ(opens.stack.back(), "main.repeat (plan.go:52)");
    // The service writes and closes.
    const std::string innocent = "planted/internal/service.(*service).write";
    EXPECT_EQ(group_named(leaks, innocent, "openat").count, 3);
    EXPECT_EQ(group_named(leaks, innocent, "close").count, 3);
    EXPECT_EQ(group_named(leaks, "main.leakFile.func1", "close").count, 0);
    const Breakdown clean = parse(trace(version + "_file-clean"));
    EXPECT_GE(group_named(clean, "main.leakFile.func1", "close").count, 9);
  }
}

TEST(ExecutionTrace, NamesWhoMapsMemory) {
  for (const std::string version : kVersions) {
    const Group maps = group_named(parse(trace(version + "_mapping")),
                                   "planted/internal/native.leakMapping", "mmap");
    EXPECT_GE(maps.count, 29) << version;
    EXPECT_EQ(maps.location, "leak_mapping.go:14") << version;
  }
}

TEST(ExecutionTrace, NamesWhoCallsC) {
  for (const std::string version : kVersions) {
    const Breakdown clean = parse(trace(version + "_malloc-clean"));
    const Group calls =
        group_named(clean, "planted/internal/native.leakMalloc", "calls C: filled_block");
    EXPECT_GE(calls.count, 129) << version;
    EXPECT_EQ(calls.location, "leak_malloc_cgo.go:31") << version;
    EXPECT_GE(
        group_named(clean, "planted/internal/native.startMalloc.func1.1.1", "calls C: free").count,
        130)
        << version;
  }
}

TEST(ExecutionTrace, FollowsALibrarysGoroutinesToWhoStartedThem) {
  for (const std::string version : kVersions) {
    SCOPED_TRACE(version);
    const Breakdown leaks = parse(trace(version + "_body"));
    const std::string leak = "planted/internal/orders.leakBody";
    const Group dials = group_named(leaks, leak, "connect");
    EXPECT_EQ(dials.count, 9);
    EXPECT_EQ(dials.location, "leak_body.go:14");
    EXPECT_TRUE(std::any_of(dials.stack.begin(), dials.stack.end(), [](const std::string& line) {
      return line.starts_with("created by net/http.(*Transport).");
    }));
    EXPECT_EQ(group_named(leaks, leak, "starts net/http.(*persistConn).readLoop").count, 9);
    EXPECT_EQ(group_named(leaks, leak, "ends net/http.(*persistConn).readLoop").count, 0);
    const std::string dialling = version == "go1.19"
                                     ? "net/http.(*Transport).dialConnFor"
                                     : "net/http.(*Transport).startDialConnForLocked.func1";
    EXPECT_EQ(group_named(leaks, leak, "starts " + dialling).count, 9);
    EXPECT_EQ(group_named(leaks, leak, "ends " + dialling).count, 9);
    // Half of the calls of accept4 give no connection.
    EXPECT_EQ(group_named(leaks, "net/http.(*Server).Serve", "accept4").count, 9);
  }
}

TEST(ExecutionTrace, LeavesOutGoroutinesFromBeforeAndTheTracerItself) {
  for (const std::string version : kVersions) {
    for (const Group& group : parse(trace(version + "_file")).groups) {
      EXPECT_NE(group.state, "starts main.repeat") << version;  // it runs for as long as the leak
      for (const std::string& line : group.stack) {
        EXPECT_FALSE(line.starts_with("net/http/pprof.")) << version << ' ' << group.state;
      }
    }
  }
}

TEST(ExecutionTrace, ReadsWhatIsThereOfOneThatIsCutOff) {
  for (const std::string version : kVersions) {
    SCOPED_TRACE(version);
    const std::string whole = trace(version + "_file");
    const Breakdown almost = parse(std::string_view(whole).substr(0, whole.size() - 2));
    EXPECT_TRUE(almost.truncated);
    EXPECT_LE(almost.total_count, parse(whole).total_count);
    for (std::size_t size = 0; size < whole.size(); size += 97) {
      const auto part = parse_execution_trace(std::string_view(whole).substr(0, size), {});
      EXPECT_EQ(part.has_value(), size >= 16) << size;
    }
  }
  const std::string newer = trace("go1.26_file");
  const Breakdown first_generation = parse(std::string_view(newer).substr(0, newer.size() - 100));
  EXPECT_TRUE(first_generation.truncated);
  EXPECT_GT(group_named(first_generation, "main.leakFile", "openat").count, 0);
}

TEST(ExecutionTrace, KeepsStringsAndStacksOfGenerationsApart) {
  const std::string call{22, 1, 1, 1};  // a call with stack 1
  const std::string first = batch(1, 1, call) + batch(1, 2, stacks({{1, "\1\2"}})) +
                            batch(1, 2, strings({{1, "syscall.openat"}, {2, "main.a"}, {9, "f"}}));
  const std::string second =
      batch(2, 1, call) + batch(2, 2, stacks({{1, "\1\2"}})) +
      batch(2, 2, strings({{1, "golang.org/x/sys/unix.mmap"}, {2, "main.b"}, {9, "f"}}));
  const Breakdown breakdown = parse(with_header("23", first + second));
  EXPECT_FALSE(breakdown.truncated);
  EXPECT_EQ(group_named(breakdown, "main.a", "openat").count, 1);
  EXPECT_EQ(group_named(breakdown, "main.b", "mmap").count, 1);
  EXPECT_EQ(breakdown.total_count, 2);
}

TEST(ExecutionTrace, RefusesWhatIsNone) {
  const auto error_of = [](const std::string& bytes, const ExecutionTraceLimits& limits = {}) {
    const auto breakdown = parse_execution_trace(bytes, limits);
    return breakdown ? Error{ErrorKind::kIo, "none"} : breakdown.error();
  };
  EXPECT_EQ(error_of("").message, "no execution trace");
  EXPECT_NE(error_of(with_header("5", "")).message.find("older than"), std::string::npos);
  EXPECT_NE(error_of(with_header("19", "\x3f")).message.find("unknown event 63 at byte 16"),
            std::string::npos);
  EXPECT_NE(error_of(with_header("26", "\x07")).message.find("event 7 where a batch"),
            std::string::npos);
  EXPECT_NE(error_of(with_header("26", batch(1, 1, "\x7f"))).message.find("unknown event 127"),
            std::string::npos);
  EXPECT_NE(error_of(with_header("26", batch(1, 1, "\x16\1"))).message.find("wrong length"),
            std::string::npos);
  EXPECT_NE(error_of(with_header("26", batch(1, 1, stacks({{1, "\1"}}) + "\3\1\x7f")))
                .message.find("table of stacks"),
            std::string::npos);
}

TEST(ExecutionTrace, KeepsItsLimits) {
  const std::string newer = trace("go1.26_body");
  const std::string older = trace("go1.19_body");
  ExecutionTraceLimits limits;
  limits.max_strings = 10;
  EXPECT_EQ(parse_execution_trace(newer, limits).error().kind, ErrorKind::kTooLarge);
  limits = {};
  limits.max_stacks = 10;
  EXPECT_EQ(parse_execution_trace(older, limits).error().kind, ErrorKind::kTooLarge);
  limits = {};
  limits.max_frames = 10;
  EXPECT_EQ(parse_execution_trace(older, limits).error().kind, ErrorKind::kTooLarge);
  limits = {};
  limits.max_batches = 1;
  EXPECT_EQ(parse_execution_trace(newer, limits).error().kind, ErrorKind::kTooLarge);
  limits = {};
  limits.max_groups = 3;
  const auto few = parse_execution_trace(newer, limits);
  ASSERT_TRUE(few);
  EXPECT_EQ(few->groups.size(), 3U);
  EXPECT_EQ(few->total_count, parse(newer).total_count);
  limits = {};
  limits.max_goroutines = 0;  // then who created whom is not known
  const auto alone = parse_execution_trace(newer, limits);
  ASSERT_TRUE(alone);
  EXPECT_EQ(group_named(*alone, "planted/internal/orders.leakBody", "connect").count, 0);
}

}  // namespace
}  // namespace soakwatch
