#include "config/load_config.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace soakwatch {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;

// "LINE:COLUMN: message" of every mistake.
std::vector<std::string> mistakes(std::string_view text) {
  std::vector<std::string> lines;
  for (const auto& error : parse_config(text).errors) {
    lines.push_back(fmt::format("{}:{}: {}", error.line, error.column, error.message));
  }
  return lines;
}

Config loaded(std::string_view text) {
  EXPECT_THAT(mistakes(text), IsEmpty()) << text;
  return parse_config(text).config;
}

TEST(ParseConfig, NothingAndCommentsAreTheDefaults) {
  const std::string defaults = show_config(Config{});
  for (const char* text :
       {"", "\n", "# a\n\n#b", "---\n", "---\n...\n", "{}", "sampling:\nalerts:\n",
        "\xEF\xBB\xBF# with a byte order mark\n", "sampling: {}\ntargets: []\n",
        "alerts:\n  exec:\n", "targets:\n", "%YAML 1.2\n---\n"}) {
    EXPECT_EQ(show_config(loaded(text)), defaults) << text;
  }
}

TEST(ParseConfig, ReadsEverySection) {
  std::ifstream in(SOAKWATCH_FIXTURES "/config/every_key.yaml");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const Config config = loaded(text);
  EXPECT_EQ(config.sampling.interval, 1s);
  EXPECT_EQ(config.sampling.detail_interval, 30s);
  EXPECT_EQ(config.sampling.detail_budget, 0.01);
  EXPECT_EQ(config.sampling.discovery_interval, 500ms);
  EXPECT_EQ(config.pprof.timeout, 10s);
  EXPECT_EQ(config.pprof.heap_interval, 90s);
  EXPECT_EQ(config.pprof.heap_latency_factor, 50);
  EXPECT_EQ(config.pprof.max_body_bytes, 8 << 20);
  EXPECT_THAT(config.pprof.allowed_hosts, ElementsAre("build.example", "fd00::1"));
  EXPECT_FALSE(config.detection.enabled);
  EXPECT_EQ(config.detection.block, 2s);
  EXPECT_EQ(config.detection.warm_up, 0s);
  EXPECT_EQ(config.detection.window_blocks, 18);
  EXPECT_EQ(config.detection.levels, 3);
  EXPECT_EQ(config.detection.false_alarms_per_day, 1e-2);
  EXPECT_EQ(config.detection.levelling_off_ratio, 0.4);
  EXPECT_FALSE(config.detection.goroutines.enabled);
  EXPECT_EQ(config.detection.goroutines.min_growth, 10);
  EXPECT_EQ(config.detection.goroutines.min_growth_ratio, 0.05);
  EXPECT_EQ(config.detection.live_heap.min_growth, 4.0 * 1024 * 1024);
  EXPECT_EQ(config.detection.open_fds.min_growth, 8);
  EXPECT_EQ(config.alerts.hold, 5min);
  EXPECT_EQ(config.alerts.keep_firing_for, 1h);
  EXPECT_EQ(config.alerts.jsonl, "/tmp/alerts.jsonl");
  EXPECT_THAT(config.alerts.exec.command, ElementsAre("/bin/echo", "a b", "010", "yes"));
  EXPECT_EQ(config.alerts.exec.timeout, 3s);
  EXPECT_EQ(config.storage.database, "~/soak.db");
  EXPECT_EQ(config.storage.live_csv, "live.csv");
  EXPECT_EQ(config.storage.queue_limit_rows, 500);
  EXPECT_EQ(config.storage.min_free_bytes, std::int64_t{1} << 30);
  EXPECT_EQ(config.log.format, LogFormat::kJson);
  EXPECT_EQ(config.log.level, "debug");
  EXPECT_EQ(config.targets.size(), 3U);
}

TEST(ParseConfig, RefusesUnknownKeysWithASuggestion) {
  EXPECT_THAT(mistakes("sampling:\n  intervall: 5s\n"),
              ElementsAre("2:3: unknown key 'intervall' in 'sampling'; did you mean 'interval'?"));
  EXPECT_THAT(mistakes("samplign: {}\n"),
              ElementsAre("1:1: unknown key 'samplign' at the top; did you mean 'sampling'?"));
  EXPECT_THAT(mistakes("detection:\n  goroutine:\n    enabled: true\n"),
              ElementsAre(HasSubstr("2:3: unknown key 'goroutine' in 'detection'; did you mean "
                                    "'goroutines'?")));
  EXPECT_THAT(mistakes("sampling: {level: info}"),
              ElementsAre("1:12: unknown key 'level' in 'sampling'; it belongs under 'log'"));
  EXPECT_THAT(mistakes("zzzzzz: 1"), ElementsAre("1:1: unknown key 'zzzzzz' at the top"));
}

TEST(ParseConfig, RefusesDuplicateKeysAtEveryLevel) {
  EXPECT_THAT(mistakes("log: {}\nlog: {}\n"),
              ElementsAre("2:1: the key 'log' stands here for the second time"));
  EXPECT_THAT(mistakes("log:\n  level: info\n  level: debug\n"), ElementsAre(HasSubstr("3:3: ")));
  EXPECT_THAT(mistakes("detection:\n  open_fds: {enabled: true, \"enabled\": false}\n"),
              ElementsAre(HasSubstr("2:29: ")));
  EXPECT_THAT(mistakes("targets:\n  - name: a\n    match: b\n    match: c\n"),
              ElementsAre(HasSubstr("4:5: ")));
}

struct Refused {
  std::string_view text, message;
};
void PrintTo(const Refused& refused, std::ostream* out) { *out << refused.text; }
class RefusedValue : public testing::TestWithParam<Refused> {};

TEST_P(RefusedValue, IsNamedWithItsPlace) {
  EXPECT_THAT(mistakes(GetParam().text), ElementsAre(HasSubstr(std::string(GetParam().message))));
  EXPECT_EQ(show_config(parse_config(GetParam().text).config), show_config(Config{}));
}

INSTANTIATE_TEST_SUITE_P(
    Values, RefusedValue,
    testing::Values(
        // types
        Refused{"sampling: 5s", "1:11: 'sampling' is a section of keys, not a single value"},
        Refused{"sampling: [interval]", "not a list"},
        Refused{"[1]", "1:1: the file holds sections"},
        Refused{"hello", "1:1: the file holds sections"},
        Refused{"sampling: {interval: [5s]}", "1:22: a single value is expected, not a list"},
        Refused{"sampling:\n  interval:\n", "2:3: a value is missing"},
        Refused{"sampling: {interval: ~}", "a value is missing"},
        Refused{"storage: {database: }", "a value is missing"},
        Refused{"pprof: {allowed_hosts: a}", "a list is expected"},
        Refused{"pprof: {allowed_hosts: [[a]]}", "1:25: a single value is expected"},
        Refused{"alerts: {exec: [a]}", "'alerts.exec' is a section of keys, not a list"},
        Refused{"targets: name:a", "1:10: 'targets' is a list"},
        Refused{"targets: {name: a}", "'targets' is a list"},
        Refused{"[a]: 1", "1:1: a key is a word, not a list"},
        // numbers
        Refused{"detection: {levels: 010}", "1:21: '010' looks octal"},
        Refused{"detection: {levels: 0o10}", "'0o10' is not decimal"},
        Refused{"detection: {levels: 0x10}", "'0x10' is not decimal"},
        Refused{"storage: {queue_limit_rows: 1_000}", "without '_'"},
        Refused{"detection: {levels: \"4\"}", "stands without quotes"},
        Refused{"detection: {levels: 4.0}", "not a whole number"},
        Refused{"detection: {levels: +4}", "not a number"},
        Refused{"detection: {levels: 1e1}", "not a whole number"},
        Refused{"storage: {queue_limit_rows: 99999999999999999999}", "too large"},
        Refused{"detection: {levelling_off_ratio: 50%}", "is a percentage"},
        Refused{"detection: {levelling_off_ratio: '0,5'}", "stands without quotes"},
        Refused{"detection: {levelling_off_ratio: .5}", "not a number"},
        Refused{"detection: {levelling_off_ratio: .inf}", "not a number"},
        Refused{"detection: {levelling_off_ratio: nan}", "not a number"},
        Refused{"detection: {levelling_off_ratio: 0.5.1}", "not a number"},
        Refused{"detection: {levelling_off_ratio: 1e999}", "not a number"},
        // booleans
        Refused{"detection: {enabled: yes}", "'yes' is neither true nor false"},
        Refused{"detection: {enabled: no}", "'no' is neither true nor false"},
        Refused{"detection: {enabled: on}", "neither true nor false"},
        Refused{"detection: {enabled: True}", "neither true nor false"},
        Refused{"detection: {enabled: 1}", "neither true nor false"},
        Refused{"detection: {enabled: \"true\"}", "stands without quotes"},
        // units
        Refused{"sampling: {interval: 5}", "needs a unit"},
        Refused{"sampling: {interval: 010s}", "looks octal"},
        Refused{"sampling: {interval: 5sec}", "unknown unit 'sec'"},
        Refused{"pprof: {max_body: 32MB2}", "unknown unit"},
        Refused{"pprof: {max_body: 010}", "looks octal"},
        // limits
        Refused{"sampling: {interval: 9ms}", "9ms is out of range: 10ms to 1h"},
        Refused{"sampling: {interval: 0}", "0s is out of range"},
        Refused{"sampling: {detail_budget: 1.5}", "1.5 is out of range"},
        Refused{"pprof: {timeout: 31s}", "31s is out of range: 100ms to 30s"},
        Refused{"pprof: {max_body: 1GiB}", "1GiB is out of range: 64KiB to 256MiB"},
        Refused{"detection: {window_blocks: 7}", "7 is out of range: 16 to 64"},
        Refused{"detection: {window_blocks: 65}", "out of range"},
        Refused{"detection: {levels: 0}", "0 is out of range: 1 to 16"},
        Refused{"detection: {levels: 17}", "out of range"},
        Refused{"detection: {levels: -1}", "out of range"},
        Refused{"detection: {live_heap: {min_growth_ratio: 20}}", "20 is out of range: 0 to 1"},
        Refused{"detection: {open_fds: {min_growth: -3}}", "out of range"},
        Refused{"detection: {false_alarms_per_day: 0}", "out of range"},
        // words and paths
        Refused{"log: {level: warnign}", "did you mean 'warning'?"},
        Refused{"log: {level: INFO}", "is none of: trace, debug, info"},
        Refused{"log: {format: jsno}", "did you mean 'json'?"},
        Refused{"storage: {database: /var/}", "is a folder"},
        Refused{"storage: {database: ~bob/x.db}", "only '~/'"},
        Refused{"storage: {database: $HOME/x.db}", "not expanded"},
        Refused{"pprof: {allowed_hosts: [http://a]}", "without scheme"}));

TEST(ParseConfig, CollectsAllMistakesInTheOrderOfTheFile) {
  EXPECT_THAT(
      mistakes(
          "targets:\n  - nmae:x\nlog:\n  level: loud\n  colour: red\nsampling:\n  interval: 1\n"),
      ElementsAre(HasSubstr("2:5: "), HasSubstr("4:10: "), HasSubstr("5:3: "),
                  HasSubstr("7:13: ")));
}

TEST(ParseConfig, AMistakeKeepsTheDefaultAndTheRestIsRead) {
  const auto result = parse_config("sampling: {interval: 1, detail_interval: 2m}");
  EXPECT_EQ(result.errors.size(), 1U);
  EXPECT_EQ(result.config.sampling.interval, 5s);
  EXPECT_EQ(result.config.sampling.detail_interval, 2min);
}

TEST(ShowConfig, IsReadBackToTheSame) {
  std::ifstream in(SOAKWATCH_FIXTURES "/config/every_key.yaml");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  for (const Config& config : {Config{}, loaded(text)}) {
    const std::string shown = show_config(config);
    EXPECT_EQ(show_config(loaded(shown)), shown);
    EXPECT_THAT(check_config(config), IsEmpty());
  }
}

TEST(ShowConfig, KeepsOddTexts) {
  Config config;
  config.storage.database = "a \"b\" \\ #: 'ä'\t.db";
  config.targets.push_back({"x: y", parse_config("targets: [7]").config.targets[0].spec, 1s});
  config.targets.push_back(
      {"-", {TargetKind::kCommand, {}, {"sh", "-c", "a\nb\x01"}, PprofMode::kOff, {}}, 2s});
  const Config back = loaded(show_config(config));
  EXPECT_EQ(back.storage.database, config.storage.database);
  ASSERT_EQ(back.targets.size(), 2U);
  EXPECT_EQ(back.targets[0].name, "x: y");
  EXPECT_EQ(back.targets[0].interval, 1s);
  EXPECT_EQ(back.targets[1].spec, config.targets[1].spec);
}

TEST(CheckConfig, SeesWhatFlagsBroke) {
  Config config;
  config.sampling.interval = 5ms;
  config.pprof.timeout = 60s;
  config.detection.live_heap.min_growth = -1;
  config.log.level = "loud";
  config.targets = {{"a", {TargetKind::kName, "a", {}, {}, {}}, 5s},
                    {"a", {TargetKind::kName, "b", {}, {}, {}}, 5s},
                    {"c", {TargetKind::kCommand, {}, {}, {}, {}}, 1ms},
                    {"d", {TargetKind::kPort, "0", {}, {}, {}}, 5s},
                    {"", {TargetKind::kName, "e", {}, {}, {}}, 5s}};
  EXPECT_THAT(
      check_config(config),
      ElementsAre(HasSubstr("sampling.interval: 5ms is out of range"), HasSubstr("pprof.timeout: "),
                  HasSubstr("detection.live_heap.min_growth: "), HasSubstr("log.level: "),
                  HasSubstr("two targets are called 'a'"),
                  HasSubstr("target 'c': interval 1ms is out of range"),
                  HasSubstr("target 'c': the command is empty"), HasSubstr("target 'd': a port is"),
                  HasSubstr("the name of a target is empty")));
}

TEST(CheckConfig, TwoWritersInOneFileContradict) {
  Config config;
  config.storage.database = "/tmp/a";
  config.storage.live_csv = "/tmp/x/../a";
  EXPECT_THAT(check_config(config),
              ElementsAre("storage.database and storage.live_csv are the same file"));
  config.storage.live_csv = "/tmp/b";
  EXPECT_THAT(check_config(config), IsEmpty());
}

class LoadConfig : public testing::Test {
 protected:
  LoadConfig() : folder_(testing::TempDir() + fmt::format("soakwatch_config_{}", ::getpid())) {
    fs::create_directories(folder_);
  }
  ~LoadConfig() override { fs::remove_all(folder_); }
  fs::path write(std::string_view text) const {
    std::ofstream(folder_ / "c.yaml", std::ios::binary) << text;
    return folder_ / "c.yaml";
  }
  fs::path folder_;
  Surroundings around_{[](const char* name) -> std::optional<std::string> {
                         return name == std::string_view("HOME")
                                    ? std::optional<std::string>("/home/ann")
                                    : std::nullopt;
                       },
                       false};
};

TEST_F(LoadConfig, ExpandsTheHomeFolderInPaths) {
  const auto config = load_config(
      write("storage: {database: ~/a.db, live_csv: b/~/c}\nalerts: {jsonl: '~/l'}\n"), around_);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->storage.database, "/home/ann/a.db");
  EXPECT_EQ(config->storage.live_csv, "b/~/c");
  EXPECT_EQ(config->alerts.jsonl, "/home/ann/l");
}

TEST_F(LoadConfig, NamesFileLineAndColumnOfEveryMistake) {
  const auto config = load_config(write("log:\n  level: loud\n  x: 1\n"), around_);
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().kind, ErrorKind::kInvalid);
  EXPECT_THAT(config.error().message,
              MatchesRegex(".*/c\\.yaml:2:10: [^\n]*\n.*/c\\.yaml:3:3: [^\n]*"));
}

TEST_F(LoadConfig, SaysWhyAFileCannotBeRead) {
  EXPECT_EQ(load_config(folder_ / "none.yaml", around_).error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(load_config(folder_, around_).error().message, HasSubstr("is a folder"));
  EXPECT_THAT(load_config("/dev/zero", around_).error().message, HasSubstr("larger than 1 MiB"));
}

}  // namespace
}  // namespace soakwatch
