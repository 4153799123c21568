#include "evidence/profile_top.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <limits>
#include <optional>
#include <sstream>

#include "evidence/profile_names.h"
#include "evidence/profile_units.h"
#include "fixture_file.h"
#include "profile_builder.h"

namespace soakwatch {
namespace {

using testing::HasSubstr;
using testing::Not;

Profile parsed(const std::string& bytes) {
  auto profile = parse_profile(bytes);
  if (!profile) throw std::runtime_error(profile.error().message);
  return std::move(*profile);
}

// A section of top_goX.txt: "== TYPE [BASE] FILE" and what pprof wrote.
struct Expected {
  std::string command;
  std::string text;
};

std::vector<Expected> expected_tops(const std::string& go) {
  std::vector<Expected> all;
  std::istringstream lines(fixture_file("top_go" + go + ".txt"));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("== ")) {
      all.push_back({line.substr(3), ""});
    } else {
      all.back().text += line + "\n";
    }
  }
  return all;
}

class ProfileTop : public testing::TestWithParam<const char*> {
 protected:
  ProfileTop() {
    setenv("TZ", "UTC", 1);  // in which the expected texts were written
    tzset();
  }
};

TEST_P(ProfileTop, IsWhatPprofWrites) {
  const std::string go = GetParam();
  const auto all = expected_tops(go);
  EXPECT_EQ(all.size(), 11U);
  for (const Expected& expected : all) {
    std::istringstream words(expected.command);
    ProfileTopOptions options;
    std::string file;
    words >> options.sample_type >> file;
    if (options.sample_type == "default") options.sample_type.clear();
    std::optional<Profile> base;
    Profile now = parsed(fixture_file(file + "_go" + go + ".pb.gz"));
    if (words >> file) {
      base = std::move(now);
      now = parsed(fixture_file(file + "_go" + go + ".pb.gz"));
    }
    const auto text = base ? profile_top(now, *base, options) : profile_top(now, options);
    ASSERT_TRUE(text) << text.error().message;
    EXPECT_EQ(*text, expected.text) << expected.command;
  }
}
INSTANTIATE_TEST_SUITE_P(OfGo, ProfileTop, testing::Values("1.19", "1.26"),
                         [](const auto& suite) { return suite.index == 0 ? "1_19" : "1_26"; });

// "flat cum name" of each line of the table.
std::vector<std::string> rows(const Profile& profile, const ProfileTopOptions& options = {}) {
  std::istringstream lines(*profile_top(profile, options));
  std::vector<std::string> result;
  bool in_table = false;
  for (std::string line; std::getline(lines, line);) {
    if (in_table) {
      std::istringstream words(line);
      std::string flat, flat_share, sum_share, cum, cum_share, name;
      words >> flat >> flat_share >> sum_share >> cum >> cum_share >> std::ws;
      std::getline(words, name);
      result.push_back(flat + " " + cum + " " + name);
    }
    in_table = in_table || line.find("flat%") != std::string::npos;
  }
  return result;
}

ProfileBuilder counts() {
  ProfileBuilder builder;
  builder.type("goroutine", "count");
  for (std::uint64_t id = 1; id <= 4; ++id) {
    builder.frame(id, "main.f" + std::to_string(id), "/src/a.go", 1);
  }
  return builder;
}

TEST(ProfileTopOf, CountsRecursionOnce) {
  const Profile profile = parsed(counts().sample({1, 1, 2, 1, 2}, {5}).bytes());
  EXPECT_THAT(rows(profile), testing::ElementsAre("5 5 main.f1", "0 5 main.f2"));
}

TEST(ProfileTopOf, SaysWhatIsInlined) {
  ProfileBuilder builder = counts();
  builder.location(9, {{1, 3}, {2, 4}}).sample({9, 4}, {5});
  EXPECT_THAT(rows(parsed(builder.bytes())),
              testing::ElementsAre("5 5 main.f1 (inline)", "0 5 main.f2", "0 5 main.f4"));
  builder.sample({1, 3}, {3});
  EXPECT_EQ(rows(parsed(builder.bytes())).front(), "8 8 main.f1 (partial-inline)");
}

TEST(ProfileTopOf, DropsWhatWeighsLittleAndSaysSo) {
  const Profile profile =
      parsed(counts().sample({1}, {10000}).sample({2}, {49}).sample({3}, {51}).bytes());
  EXPECT_THAT(rows(profile), testing::ElementsAre("10000 10000 main.f1", "51 51 main.f3"));
  EXPECT_THAT(*profile_top(profile), HasSubstr("Dropped 1 node (cum <= 50)\n"));
  ProfileTopOptions one;
  one.nodes = 1;
  EXPECT_THAT(*profile_top(profile, one), HasSubstr("Showing top 1 nodes out of 2\n"));
}

TEST(ProfileTopOf, TakesTheBaseAway) {
  const Profile before = parsed(counts().sample({1, 2}, {7}).sample({3}, {4}).bytes());
  const Profile after = parsed(counts().sample({3}, {4}).sample({1, 2}, {2}).bytes());
  const auto grown = profile_top(before, after);
  ASSERT_TRUE(grown);
  EXPECT_THAT(*grown, HasSubstr("accounting for 5, 100% of 5 total"));
  const auto shrunk = profile_top(after, before);
  EXPECT_THAT(*shrunk, HasSubstr("-5"));
  EXPECT_THAT(*shrunk, Not(HasSubstr("main.f3")));
}

TEST(ProfileTopOf, ComparesToTheBase) {
  const Profile base = parsed(counts().sample({1}, {10}).bytes());
  const Profile now = parsed(counts().sample({1}, {15}).bytes());
  ProfileTopOptions options;
  options.base = BaseKind::kCompared;
  EXPECT_THAT(*profile_top(now, base, options), HasSubstr("accounting for 5, 50.00% of 10 total"));
}

TEST(ProfileTopOf, RefusesTwoKinds) {
  const Profile goroutines = parsed(counts().bytes());
  const Profile cpu = parsed(ProfileBuilder().type("cpu", "nanoseconds").bytes());
  EXPECT_FALSE(profile_top(goroutines, cpu));
  EXPECT_FALSE(profile_top(goroutines, ProfileTopOptions{"cpu", 20, BaseKind::kSubtracted}));
}

TEST(ProfileTopOf, DropsFramesAsTheProfileSays) {
  const auto profile = [](const std::string& drop, const std::string& keep) {
    return parsed(counts().sample({1, 2, 3}, {5}).text_field(7, drop).text_field(8, keep).bytes());
  };
  EXPECT_THAT(rows(profile("main\\.f[12]", "")), testing::ElementsAre("5 5 main.f3"));
  EXPECT_THAT(rows(profile("main\\.f[12]", "main.f2")),
              testing::ElementsAre("5 5 main.f2", "0 5 main.f3"));
  // Not where nothing would be left.
  EXPECT_EQ(rows(profile("main\\..*", "")).size(), 3U);
  EXPECT_FALSE(profile_top(profile("main(", "")));
}

TEST(ProfileTopOf, SurvivesARegularExpressionThatNeverEnds) {
  ProfileBuilder builder;
  builder.type("goroutine", "count").frame(1, std::string(5000, 'a') + "!", "a.go", 1);
  builder.sample({1, 1}, {5}).text_field(7, "(a*)*(a*)*(a|aa)*b");
  profile_top(parsed(builder.bytes()));  // an answer or an error, soon
}

TEST(ProfileTopOf, SurvivesSumsThatOverflow) {
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  const Profile profile =
      parsed(counts().sample({1}, {kMost}).sample({1, 2}, {kMost}).sample({2}, {kLeast}).bytes());
  EXPECT_TRUE(profile_top(profile));
  EXPECT_TRUE(profile_top(profile, profile));
}

TEST(ProfileNames, AreShownAsPprofDoes) {
  EXPECT_EQ(shown_function_name("main.(*T).Run", "main.(*T).Run"), "main.(*T).Run");
  EXPECT_EQ(shown_function_name("main.(*L[...]).Add", "main.(*L[...]).Add"), "main.(*L[...]).Add");
  EXPECT_EQ(shown_function_name("main.(*T).Map[...]", "main.(*T).Map[...]"), "main..Map[...]");
  EXPECT_EQ(shown_function_name("a::b<int>(c)", "a::b<int>(c)"), "a::b");
  EXPECT_EQ(shown_function_name("a::b<int>(c)", "_Z1b"), "a::b<int>(c)");
  EXPECT_EQ(shown_function_name("", "raw"), "raw");
}

TEST(ProfileUnits, AreScaledAsPprofDoes) {
  EXPECT_EQ(scaled_text(1536, "bytes", "minimum"), "1.50kB");
  EXPECT_EQ(scaled_text(-2097152, "bytes", "auto"), "-2MB");
  EXPECT_EQ(scaled_text(90'000'000'000, "nanoseconds", "seconds"), "90s");
  EXPECT_EQ(scaled_text(7200'000'000'000, "nanoseconds", "auto"), "2hrs");
  EXPECT_EQ(scaled_text(12, "count", "minimum"), "12");
  EXPECT_EQ(scaled_text(1, "bytes", "MB"), "0");
  EXPECT_EQ(percentage(1, 3), "33.33%");
  EXPECT_EQ(percentage(-9999, 10000), "  100%");
  EXPECT_EQ(percentage(1, 3000), "0.033%");
  EXPECT_EQ(percentage(5, 0), "    0%");
}

}  // namespace
}  // namespace soakwatch
