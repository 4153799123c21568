#include "collectors/procfs/cgroup.h"

#include <gmock/gmock.h>

namespace soakwatch {
namespace {

using ::testing::ElementsAre;

TEST(ParseCgroup, ReadsBothVersions) {
  EXPECT_THAT(parse_cgroup("0::/user.slice/a:b\n").value(), ElementsAre("/user.slice/a:b"));
  EXPECT_THAT(parse_cgroup("2:cpu,cpuacct:/\n1:name=systemd:/init.scope\n0::/\n").value(),
              ElementsAre("/", "/init.scope"));
  EXPECT_TRUE(parse_cgroup("").value().empty());
}

TEST(ParseCgroup, RefusesOtherTexts) {
  for (const char* text : {"x", "0:/", "0::", "a::/\n", ":::\n", "0::/\n\n"}) {
    EXPECT_FALSE(parse_cgroup(text)) << text;
  }
}

TEST(Cgroup2Path, IsThatOfTheOneHierarchyOfVersion2) {
  EXPECT_EQ(cgroup2_path("0::/user.slice/a:b\n"), "/user.slice/a:b");
  EXPECT_EQ(cgroup2_path("2:pids:/x\n1:name=systemd:/init.scope\n0::/\n"), "/");
}

TEST(Cgroup2Path, IsAbsentWhereThereIsNoneToBeSeen) {
  for (const char* text : {"", "2:pids:/x\n", "0::x\n", "0::/../../other\n", "10::/x\n"}) {
    EXPECT_EQ(cgroup2_path(text), std::nullopt) << text;
  }
}

TEST(Cgroup, IsInAUnitByAWholeComponent) {
  EXPECT_TRUE(cgroup_in_unit("/system.slice/a.service", "a.service"));
  EXPECT_TRUE(cgroup_in_unit("/system.slice/a.service/payload", "a.service"));
  EXPECT_FALSE(cgroup_in_unit("/system.slice/aa.service", "a.service"));
  EXPECT_FALSE(cgroup_in_unit("/system.slice/a.service2", "a.service"));
  EXPECT_FALSE(cgroup_in_unit("/", ""));
}

TEST(Cgroup, IsInAUnitWhoseNameSystemdEscaped) {
  EXPECT_TRUE(cgroup_in_unit("/system.slice/_memory.service", "memory.service"));
  EXPECT_TRUE(cgroup_in_unit("/system.slice/_cgroup.service/payload", "cgroup.service"));
  EXPECT_TRUE(cgroup_in_unit("/system.slice/__a.service", "_a.service"));
  EXPECT_TRUE(cgroup_in_unit("/system.slice/a\\x2db.service", "a\\x2db.service"));
  EXPECT_FALSE(cgroup_in_unit("/system.slice/__a.service", "a.service"));
  EXPECT_FALSE(cgroup_in_unit("/system.slice/_a.service", "_a.service"));
  EXPECT_FALSE(cgroup_in_unit("/_", ""));
}

TEST(Cgroup, IsAtOrBelowAPath) {
  EXPECT_TRUE(cgroup_at_or_below("/user.slice", "/user.slice"));
  EXPECT_TRUE(cgroup_at_or_below("/user.slice/x", "/user.slice/"));
  EXPECT_TRUE(cgroup_at_or_below("/user.slice", "/"));
  EXPECT_FALSE(cgroup_at_or_below("/user.slice2", "/user.slice"));
  EXPECT_FALSE(cgroup_at_or_below("/", "/user.slice"));
}

}  // namespace
}  // namespace soakwatch
