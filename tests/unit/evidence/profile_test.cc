#include "evidence/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "evidence/gunzip.h"
#include "fixture_file.h"
#include "profile_builder.h"

namespace soakwatch {
namespace {

using testing::HasSubstr;

ProfileBuilder small() {
  ProfileBuilder builder;
  builder.type("samples", "count").type("cpu", "nanoseconds").mapping(1, "/opt/prog");
  builder.function(1, "main.inner", "/src/a.go").function(2, "main.outer", "/src/b.go");
  builder.location(7, {{1, 10}, {2, 20}}, 1).location(9, {{2, 21}}, 1);
  return builder.sample({7, 9}, {3, 30'000'000});
}

std::string error_of(const std::string& bytes, const ProfileLimits& limits = {}) {
  const auto profile = parse_profile(bytes, limits);
  return profile ? "none" : profile.error().message;
}

TEST(Profile, IsReadPlainAndCompressed) {
  const std::string bytes = small().number(9, 42).number(10, 43).bytes();
  for (const std::string& form : {bytes, *gzip(bytes)}) {
    const auto profile = parse_profile(form);
    ASSERT_TRUE(profile) << profile.error().message;
    ASSERT_EQ(profile->samples.size(), 1U);
    const ProfileSample& sample = profile->samples[0];
    EXPECT_THAT(sample.values, testing::ElementsAre(3, 30'000'000));
    ASSERT_EQ(sample.stack.size(), 2U);
    const ProfileLocation& leaf = profile->locations[sample.stack[0]];
    ASSERT_EQ(leaf.lines.size(), 2U);
    EXPECT_EQ(leaf.lines[0].line, 10);
    EXPECT_EQ(profile->text(profile->functions[leaf.lines[1].function].name), "main.outer");
    EXPECT_EQ(profile->text(profile->mappings[*leaf.mapping].file), "/opt/prog");
    EXPECT_EQ(profile->time_ns, 42);
    EXPECT_EQ(profile->duration_ns, 43);
    EXPECT_EQ(profile->sample_types[1].unit, "nanoseconds");
  }
}

TEST(Profile, OfRealProgramsIsRead) {
  for (const char* go : {"1.19", "1.26"}) {
    for (const char* name : {"heap_after", "allocs_after", "goroutine_after", "cpu_after"}) {
      const auto profile = parse_profile(fixture_file(std::string(name) + "_go" + go + ".pb.gz"));
      ASSERT_TRUE(profile) << name << go << profile.error().message;
      EXPECT_GT(profile->samples.size(), 5U) << name << go;
      EXPECT_GT(profile->time_ns, 1'700'000'000'000'000'000) << name << go;
    }
  }
}

TEST(Profile, RefusesWhatDoesNotExist) {
  EXPECT_THAT(error_of(small().sample({8}, {1, 1}).bytes()), HasSubstr("location 8"));
  EXPECT_THAT(error_of(small().location(3, {{5, 1}}).bytes()), HasSubstr("function 5"));
  EXPECT_THAT(error_of(small().location(3, {{0, 1}}).bytes()), HasSubstr("function 0"));
  EXPECT_THAT(error_of(small().location(3, {}, 6).bytes()), HasSubstr("mapping 6"));
  EXPECT_THAT(error_of(small().number(7, 99).bytes()), HasSubstr("string 99"));
  EXPECT_THAT(error_of(small().number(7, ~std::uint64_t{0}).bytes()), HasSubstr("string"));
  EXPECT_THAT(error_of(small().sample({7}, {1}).bytes()), HasSubstr("1 values"));
  EXPECT_THAT(error_of(small().sample({7}, {1, 2, 3}).bytes()), HasSubstr("3 values"));
}

TEST(Profile, RefusesWhatIsThereTwice) {
  EXPECT_THAT(error_of(small().function(1, "x").bytes()), HasSubstr("functions with id 1"));
  EXPECT_THAT(error_of(small().location(7, {}).bytes()), HasSubstr("locations with id 7"));
  EXPECT_THAT(error_of(small().mapping(1, "x").bytes()), HasSubstr("mappings with id 1"));
  EXPECT_THAT(error_of(small().function(0, "x").bytes()), HasSubstr("id 0"));
  EXPECT_THAT(error_of(small().number(9, 1).number(9, 2).bytes()), HasSubstr("several profiles"));
}

TEST(Profile, RefusesWhatIsNoProfile) {
  EXPECT_THAT(error_of(""), HasSubstr("empty"));
  EXPECT_NE(error_of("<html>404</html>"), "none");
  EXPECT_NE(error_of("goroutine profile: total 12\n"), "none");
  EXPECT_THAT(error_of("\x0a\x02\x08\xff"), HasSubstr("profile"));
  EXPECT_NE(error_of(std::string("\x48") + std::string(11, '\xff')), "none");  // a varint too long
  EXPECT_THAT(error_of(*gzip(small().bytes()) + "x"), HasSubstr("gzip"));
  const std::string whole = small().bytes();
  for (std::size_t size = 0; size < whole.size(); ++size) error_of(whole.substr(0, size));
}

TEST(Profile, StopsAtItsLimits) {
  const std::string bytes = small().sample({7}, {1, 1}).bytes();
  ASSERT_EQ(error_of(bytes), "none");
  const auto with = [](std::size_t ProfileLimits::*limit, std::size_t value) {
    ProfileLimits limits;
    limits.*limit = value;
    return limits;
  };
  for (const auto& limits :
       {with(&ProfileLimits::max_decompressed_bytes, bytes.size() - 1),
        with(&ProfileLimits::max_samples, 1), with(&ProfileLimits::max_values, 3),
        with(&ProfileLimits::max_stack_locations, 1), with(&ProfileLimits::max_all_locations, 2),
        with(&ProfileLimits::max_locations, 1), with(&ProfileLimits::max_lines, 2),
        with(&ProfileLimits::max_functions, 1), with(&ProfileLimits::max_mappings, 0),
        with(&ProfileLimits::max_strings, 8)}) {
    for (const std::string& form : {bytes, *gzip(bytes)}) {
      const auto profile = parse_profile(form, limits);
      ASSERT_FALSE(profile);
      EXPECT_EQ(profile.error().kind, ErrorKind::kTooLarge) << profile.error().message;
    }
  }
}

TEST(SampleIndex, IsTheNamedOneOrTheDefault) {
  ProfileBuilder builder;
  builder.type("alloc_space", "bytes").type("space", "bytes").type("last", "count");
  auto profile = *parse_profile(builder.bytes());
  EXPECT_EQ(*sample_index(profile, ""), 2U);
  EXPECT_EQ(*sample_index(profile, "alloc_space"), 0U);
  EXPECT_EQ(*sample_index(profile, "inuse_space"), 1U);
  EXPECT_THAT(sample_index(profile, "cpu").error().message, HasSubstr("alloc_space, space, last"));
  profile = *parse_profile(builder.text_field(14, "alloc_space").bytes());
  EXPECT_EQ(*sample_index(profile, ""), 0U);
}

}  // namespace
}  // namespace soakwatch
