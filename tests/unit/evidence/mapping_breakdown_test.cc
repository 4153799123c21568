#include "evidence/mapping_breakdown.h"

#include <gmock/gmock.h>

#include "capture_fixture.h"

namespace soakwatch {
namespace {

constexpr const char* kAnonymous = "anonymous memory: mmap, or large blocks of malloc";
constexpr const char* kArenas = "C heap, malloc arenas of threads";

std::string mapping(const std::string& range, const std::string& permissions,
                    const std::string& name = "", int rss_kb = 4, const std::string& flags = "") {
  return range + " " + permissions + " 00000000 00:00 0 " + (name.empty() ? "" : "     " + name) +
         "\nRss:                " + std::to_string(rss_kb) + " kB\nVmFlags: rd wr" + flags + " \n";
}

Breakdown breakdown_of(const std::string& text) {
  const auto breakdown = read_mapping_breakdown(text);
  EXPECT_TRUE(breakdown);
  return breakdown ? *breakdown : Breakdown{};
}

std::vector<Culprit> grown(const std::string& before, const std::string& after) {
  return culprits_of(CaptureKind::kMappings,
                     what_grew(breakdown_of(captured(before)), breakdown_of(captured(after))), 1);
}

TEST(MappingBreakdown, FindsMallocThatIsNotFreed) {
  const auto culprits = grown("smaps_go1.19_malloc_1.txt", "smaps_go1.19_malloc_2.txt");
  ASSERT_EQ(culprits.size(), 1U);
  EXPECT_EQ(culprits[0].name, kArenas);
  EXPECT_GT(culprits[0].share, 0.9);
}

TEST(MappingBreakdown, FindsMappingsThatAreNotUnmapped) {
  const auto culprits = grown("smaps_go1.26_mmap_1.txt", "smaps_go1.26_mmap_2.txt");
  ASSERT_EQ(culprits.size(), 1U);
  EXPECT_EQ(culprits[0].name, kAnonymous);
  EXPECT_GT(culprits[0].share, 0.9);
}

TEST(MappingBreakdown, KnowsTheHeapOfGoWhereverItIs) {
  for (const char* capture :
       {"smaps_go1.19_malloc_1.txt", "smaps_go1.26_mmap_1.txt", "smaps_go1.26_static.txt"}) {
    const Breakdown breakdown = breakdown_of(captured(capture));
    EXPECT_GT(group_named(breakdown, "Go heap").bytes, 20e6) << capture;
  }
}

TEST(MappingBreakdown, KnowsACProgram) {
  const Breakdown breakdown = breakdown_of(captured("smaps_c.txt"));
  EXPECT_EQ(group_named(breakdown, "Go heap").count, 0);
  EXPECT_GT(group_named(breakdown, kAnonymous).bytes, 50e6);
  EXPECT_EQ(group_named(breakdown, "stack of the main thread").count, 1);
  EXPECT_EQ(group_named(breakdown, "C heap, malloc ([heap])").count, 1);
  EXPECT_EQ(group_named(breakdown, "file /usr/lib/x86_64-linux-gnu/libc.so.6").count, 5);
}

TEST(MappingBreakdown, CountsEverythingOnce) {
  const std::string text = captured("smaps_go1.26_mmap_2.txt");
  const Breakdown breakdown = breakdown_of(text);
  double count = 0;
  double bytes = 0;
  for (const Group& group : breakdown.groups) {
    count += group.count;
    bytes += group.bytes;
  }
  EXPECT_EQ(count, breakdown.total_count);
  EXPECT_EQ(bytes, breakdown.total_bytes);
  double rss_kb = 0;
  for (std::size_t at = text.find("Rss:"); at != std::string::npos;
       at = text.find("Rss:", at + 1)) {
    rss_kb += std::stod(text.substr(at + 4, 30));
  }
  EXPECT_EQ(breakdown.total_bytes, rss_kb * 1024);
  EXPECT_EQ(mapping_breakdown(*parse_smaps(text), 2).groups.size(), 2U);
  EXPECT_EQ(mapping_breakdown(*parse_smaps(text), 2).total_bytes, breakdown.total_bytes);
}

TEST(MappingBreakdown, TellsArenasFromWhatOnlyLooksLikeThem) {
  const std::string rest = "7f0004021000-7f0008000000";
  const auto name = [&](const std::string& used, const std::string& after,
                        const std::string& flags) {
    return breakdown_of(mapping(used, "rw-p", "", 64, flags) + mapping(after, "---p", "", 0, flags))
        .groups.at(0)
        .name;
  };
  EXPECT_EQ(name("7f0004000000-7f0004021000", rest, " nr"), kArenas);
  EXPECT_EQ(name("7f0004000000-7f0004021000", rest, ""), kAnonymous);
  EXPECT_EQ(name("7f0004001000-7f0004021000", rest, " nr"), kAnonymous);
  EXPECT_EQ(name("7f0004000000-7f0004021000", "7f0004021000-7f0007000000", " nr"), kAnonymous);
}

TEST(MappingBreakdown, TellsThreadStacksByTheirGuard) {
  const std::string stack = mapping("7f0000001000-7f0000801000", "rw-p");
  EXPECT_EQ(group_named(breakdown_of(mapping("7f0000000000-7f0000001000", "---p") + stack),
                        "thread stacks")
                .count,
            1);
  EXPECT_EQ(group_named(breakdown_of(stack), "thread stacks").count, 0);
  EXPECT_EQ(group_named(breakdown_of(mapping("7e0000001000-7f0000001000", "---p") + stack),
                        "thread stacks")
                .count,
            0);
}

TEST(MappingBreakdown, AFarMappingOfAnotherProgramIsNoGoHeap) {
  const std::string far = mapping("2e2d38000000-2e2d3c000000", "rw-p");
  const std::string stack = mapping("7ffd597da000-7ffd597fb000", "rw-p", "[stack]");
  const std::string summaries = mapping("7fdfb285b000-7fdfd285b000", "---p");
  EXPECT_EQ(group_named(breakdown_of(far + stack), "Go heap").count, 0);
  EXPECT_EQ(group_named(breakdown_of(far + summaries + stack), "Go heap").count, 1);
}

TEST(MappingBreakdown, NamesEverythingElse) {
  const Breakdown breakdown = breakdown_of(
      mapping("1000-2000", "rw-p", "[anon: Go: heap]") +
      mapping("2000-3000", "rw-p", "[anon: Go: gc bits]") +
      mapping("3000-4000", "rw-p", "[anon:glibc: malloc arena]") +
      mapping("4000-5000", "rw-p", "[anon:glibc: pthread stack: 123]") +
      mapping("5000-6000", "rw-p", "[anon:pool-7]") +
      mapping("6000-7000", "rw-s", "/memfd:x (deleted)") +
      mapping("8000-9000", "rw-s", "/dev/zero (deleted)") +
      mapping("9000-a000", "rw-s", "/SYSV00000000 (deleted)") + mapping("b000-c000", "rwxp") +
      mapping("c000-d000", "---p") + mapping("d000-e000", "r--s", "/var/lib/my data/7.db") +
      mapping("e000-f000", "r--s", "/var/lib/my data/8.db") +
      mapping("f000-f100", "r--p", "/opt/app (deleted)") + mapping("f100-f200", "r-xp", "[vdso]"));
  for (const char* name :
       {"Go heap", "Go runtime: gc bits", kArenas, "thread stacks", "anonymous memory named pool-*",
        "memfd x", "shared anonymous memory", "System V shared memory", "anonymous code",
        "reserved addresses, no memory", "[vdso]"}) {
    EXPECT_EQ(group_named(breakdown, name).count, 1) << name;
  }
  EXPECT_EQ(group_named(breakdown, "file /var/lib/my data/*.db").count, 2);
  EXPECT_EQ(group_named(breakdown, "file /opt/app", "deleted").count, 1);
}

TEST(ParseSmaps, TakesTheNewerOfWhatWasPrintedTwice) {
  const auto mappings =
      parse_smaps(mapping("1000-2000", "rw-p", "", 4) + mapping("2000-3000", "rw-p", "", 4) +
                  mapping("1000-4000", "rw-p", "", 12));
  ASSERT_TRUE(mappings);
  ASSERT_EQ(mappings->size(), 1U);
  EXPECT_EQ(mappings->front().rss_bytes, 12U * 1024);
}

TEST(ParseSmaps, RefusesOtherTexts) {
  const std::string good = mapping("1000-2000", "rw-p");
  EXPECT_TRUE(parse_smaps(good));
  for (const std::string& text :
       {std::string(), std::string("<html>\n"), std::string("Rss: 4 kB\n"),
        std::string("1000-2000 rw-p 0 0:0 0\n"), good + "2000-3000 rw-p 0 0:0 0\nSize: 4 kB\n",
        std::string("1000-2000 rw-p 0 0:0 0\nRss: 4\n"),
        std::string("1000-2000 rw-p 0 0:0 0\nRss: -4 kB\n"),
        std::string("1000-2000 rw-p 0 0:0 0\nRss: 99999999999999999999 kB\n"),
        std::string("2000-1000 rw-p 0 0:0 0\nRss: 4 kB\n")}) {
    EXPECT_FALSE(parse_smaps(text)) << text;
  }
}

TEST(ParseSmaps, StopsAtItsLimit) {
  std::string text;
  for (std::size_t i = 1; i <= kMaxMappings + 1; ++i) {
    char line[64];
    std::snprintf(line, sizeof line, "%zx000-%zx000 rw-p 0 0:0 0\nRss: 4 kB\n", i, i + 1);
    text += line;
  }
  const auto mappings = parse_smaps(text);
  ASSERT_FALSE(mappings);
  EXPECT_EQ(mappings.error().kind, ErrorKind::kTooLarge);
}

}  // namespace
}  // namespace soakwatch
