#include "config/target_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace soakwatch {
namespace {

using testing::HasSubstr;

TargetSpec spec(TargetKind kind, std::string value) { return {kind, std::move(value), {}, {}, {}}; }
std::string mistake(std::string_view text) {
  const auto parsed = parse_target_spec(text);
  return parsed ? "taken for " + to_string(*parsed) : parsed.error().message;
}

TEST(ParseTargetSpec, ReadsEveryKind) {
  EXPECT_EQ(parse_target_spec("pid:1234").value(), spec(TargetKind::kPid, "1234"));
  EXPECT_EQ(parse_target_spec("name:sidecar").value(), spec(TargetKind::kName, "sidecar"));
  EXPECT_EQ(parse_target_spec("port:6060").value(), spec(TargetKind::kPort, "6060"));
  EXPECT_EQ(parse_target_spec("cmdline:node .*\\.js").value(),
            spec(TargetKind::kCmdline, "node .*\\.js"));
  EXPECT_EQ(parse_target_spec("unit:a@b.service").value(), spec(TargetKind::kUnit, "a@b.service"));
  EXPECT_EQ(parse_target_spec("unit:run-1.scope").value(), spec(TargetKind::kUnit, "run-1.scope"));
  EXPECT_EQ(parse_target_spec("cgroup:/user.slice").value(),
            spec(TargetKind::kCgroup, "/user.slice"));
}

TEST(ParseTargetSpec, ABareWordIsANameAndABareNumberAPid) {
  EXPECT_EQ(parse_target_spec("sidecar").value(), spec(TargetKind::kName, "sidecar"));
  EXPECT_EQ(parse_target_spec("1234").value(), spec(TargetKind::kPid, "1234"));
  EXPECT_EQ(parse_target_spec("7zip").value(), spec(TargetKind::kName, "7zip"));
}

TEST(ParseTargetSpec, ReadsTheTrailingPprofOption) {
  const auto url = parse_target_spec("name:sidecar,pprof=http://127.0.0.1:6060").value();
  EXPECT_EQ(url.value, "sidecar");
  EXPECT_EQ(url.pprof, PprofMode::kUrl);
  EXPECT_EQ(url.pprof_url, "http://127.0.0.1:6060");
  EXPECT_EQ(parse_target_spec("sidecar,pprof=off").value().pprof, PprofMode::kOff);
  EXPECT_EQ(parse_target_spec("sidecar,pprof=auto").value().pprof, PprofMode::kAuto);
  EXPECT_EQ(parse_target_spec("1,pprof=unix:/run/a.sock").value().pprof_url, "unix:/run/a.sock");
}

TEST(ParseTargetSpec, AnExpressionMayContainCommas) {
  EXPECT_EQ(parse_target_spec("cmdline:a{1,3},b=c").value().value, "a{1,3},b=c");
  const auto both = parse_target_spec("cmdline:x,pprof=y,pprof=off").value();
  EXPECT_EQ(both.value, "x,pprof=y");
  EXPECT_EQ(both.pprof, PprofMode::kOff);
  EXPECT_EQ(parse_target_spec("name:a,b").value().value, "a,b");
}

TEST(ParseTargetSpec, IsWrittenBackTheSame) {
  for (const char* text :
       {"pid:1", "name:sidecar", "port:65535", "cmdline:a,b", "unit:x.service", "cgroup:/",
        "name:x,pprof=off", "name:x,pprof=http://[::1]:6060/debug/pprof"}) {
    EXPECT_EQ(to_string(parse_target_spec(text).value()), text);
  }
}

TEST(ParseTargetSpec, RefusesImpossibleValues) {
  for (const char* text : {"",
                           "pid:",
                           "pid:0",
                           "pid:4194305",
                           "pid:-1",
                           "pid:12a",
                           "pid:012",
                           "010",
                           "0",
                           "99999999999999999999",
                           "port:0",
                           "port:65536",
                           "port:",
                           "port:http",
                           "name:",
                           "name:a/b",
                           "/usr/bin/a",
                           "unit:",
                           "unit:.service",
                           "unit:a",
                           "unit:a.timer",
                           "unit:a/b.service",
                           "cgroup:",
                           "cgroup:user.slice",
                           "cmdline:",
                           "command:ls",
                           "name:a\nb",
                           "name:\x1b[31m",
                           "name:\xff",
                           ",pprof=off",
                           "name:,pprof=off"}) {
    EXPECT_FALSE(parse_target_spec(text)) << text;
  }
  EXPECT_FALSE(parse_target_spec(std::string_view("name:a\0b", 8)));
  EXPECT_FALSE(parse_target_spec("cmdline:" + std::string(5000, 'a')));
  EXPECT_TRUE(parse_target_spec("pid:4194304"));
}

TEST(ParseTargetSpec, RefusesWrongPprofAddresses) {
  for (const char* url :
       {"", "on", "https://127.0.0.1", "127.0.0.1:6060", "http://", "http:///x", "http://a:0",
        "http://a:66000", "http://a:b", "http://u:p@h/", "http://a b", "http://a/?x=1",
        "http://[::1", "http://::1:6060", "unix:run.sock", "unix:/", "unix:"}) {
    EXPECT_FALSE(with_pprof({}, url)) << url;
  }
  EXPECT_FALSE(with_pprof({}, "unix:/" + std::string(107, 'a')));
  EXPECT_TRUE(with_pprof({}, "unix:/" + std::string(106, 'a')));
  EXPECT_TRUE(with_pprof({}, "http://localhost:6060/debug/pprof/"));
}

TEST(ParseTargetSpec, SaysWhatWasMeant) {
  EXPECT_THAT(mistake("nmae:sidecar"), HasSubstr("did you mean 'name'?"));
  EXPECT_THAT(mistake("proc:sidecar"), HasSubstr("known are pid:, name:"));
  EXPECT_THAT(mistake("unit:sidecar"), HasSubstr("did you mean 'sidecar.service'?"));
  EXPECT_THAT(mistake("unit:a.timer"), HasSubstr(".service or .scope"));
  EXPECT_THAT(mistake("name:/usr/bin/sidecar"), HasSubstr("name:sidecar"));
  EXPECT_THAT(mistake("sidecar,pprf=off"), HasSubstr("did you mean 'pprof'?"));
  EXPECT_THAT(mistake("sidecar,pprof=of"), HasSubstr("did you mean 'off'?"));
}

TEST(WithPprof, ReplacesWhatStoodThere) {
  const auto given = with_pprof({}, "unix:/a").value();
  const auto off = with_pprof(given, "off").value();
  EXPECT_EQ(off.pprof, PprofMode::kOff);
  EXPECT_EQ(off.pprof_url, "");
}

TEST(DefaultTargetName, IsShortAndFitToShow) {
  const auto name = [](std::string_view text) {
    return default_target_name(parse_target_spec(text).value());
  };
  EXPECT_EQ(name("sidecar,pprof=off"), "sidecar");
  EXPECT_EQ(name("1234"), "pid-1234");
  EXPECT_EQ(name("port:6060"), "port-6060");
  EXPECT_EQ(name("unit:sidecar.service"), "sidecar");
  EXPECT_EQ(name("unit:run.scope"), "run.scope");
  EXPECT_EQ(name("cgroup:/user.slice/app/"), "app");
  EXPECT_EQ(name("cgroup:/"), "cgroup-root");
  EXPECT_EQ(name("cmdline:node.*server\\.js$"), "cmdline-node-server-js");
  EXPECT_EQ(default_target_name({TargetKind::kCommand, {}, {"./bin/sidecar", "-x"}, {}, {}}),
            "sidecar");
  EXPECT_EQ(default_target_name({TargetKind::kCommand, {}, {"\x1b]0;"}, {}, {}}), "target");
}

TEST(DefaultTargetName, IsAlwaysAnAcceptedName) {
  std::string umlauts;
  for (int i = 0; i < 100; ++i) umlauts += "ä";
  for (const std::string& text : {"name:" + umlauts.substr(0, 200), std::string("cmdline:^$"),
                                  "cgroup:/" + std::string(300, 'x')}) {
    const std::string name = default_target_name(parse_target_spec(text).value());
    EXPECT_EQ(target_name_mistake(name), "") << name;
  }
}

TEST(TargetNameMistake, RefusesWhatCannotBeShown) {
  for (const std::string& name :
       {std::string(), std::string(65, 'a'), std::string("a/b"), std::string("a\nb")}) {
    EXPECT_NE(target_name_mistake(name), "") << name;
  }
  EXPECT_EQ(target_name_mistake("my app (2)"), "");
}

}  // namespace
}  // namespace soakwatch
