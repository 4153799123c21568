#include "daemon/service_protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace soakwatch {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

struct Manager {
  std::vector<std::string> heard;
  ServiceProtocol::Send hear = [this](const std::string& state) { heard.push_back(state); };
};

std::string fine() { return "fine"; }

TEST(ServiceProtocol, SaysWhenItIsReadyAndWhenItStops) {
  Manager manager;
  ServiceProtocol service(manager.hear, 0us);
  service.ready(5s, "watching 1 target");
  service.reloading(1234567us);
  service.stopping();
  EXPECT_THAT(manager.heard,
              ElementsAre("READY=1\nSTATUS=watching 1 target",
                          "RELOADING=1\nMONOTONIC_USEC=1234567\nSTATUS=reading the configuration",
                          "STOPPING=1\nSTATUS=stopping"));
}

TEST(ServiceProtocol, AStatusIsOneLineWhateverIsInIt) {
  Manager manager;
  ServiceProtocol service(manager.hear, 0us);
  service.ready(5s, "a\nWATCHDOG=trigger\x1b[31m" + std::string(5000, 'x'));
  EXPECT_THAT(manager.heard[0], Not(HasSubstr("\nWATCHDOG")));
  EXPECT_LT(manager.heard[0].size(), 600U);
}

TEST(ServiceProtocol, TicksFeedTheWatchdogAndNothingElseDoes) {
  Manager manager;
  ServiceProtocol service(manager.hear, 60s);
  service.ready(5s, "up");
  EXPECT_THAT(manager.heard, ElementsAre("READY=1\nSTATUS=up\nWATCHDOG_USEC=60000000"));
  manager.heard.clear();
  service.tick(1000s, fine);
  EXPECT_THAT(manager.heard, ElementsAre("WATCHDOG=1\nSTATUS=fine"));
  manager.heard.clear();
  // Ten rounds a second, but few messages; never as rare as half of the watchdog's patience.
  for (int i = 0; i < 600; ++i) service.tick(1000s + i * 100ms, fine);
  EXPECT_THAT(manager.heard, SizeIs(5));
}

TEST(ServiceProtocol, AShortWatchdogIsFedMoreOften) {
  Manager manager;
  ServiceProtocol service(manager.hear, 2s);
  service.ready(100ms, "up");
  manager.heard.clear();
  for (int i = 0; i < 20; ++i) service.tick(1000s + i * 100ms, fine);
  EXPECT_THAT(manager.heard, SizeIs(4));
}

TEST(ServiceProtocol, RareRoundsAskForMorePatience) {
  Manager manager;
  ServiceProtocol service(manager.hear, 60s);
  service.ready(1h, "up");
  EXPECT_THAT(manager.heard[0], HasSubstr("WATCHDOG_USEC=10800000000"));
}

TEST(ServiceProtocol, WithoutAWatchdogOnlyTheStatusIsTold) {
  Manager manager;
  ServiceProtocol service(manager.hear, 0us);
  service.tick(1000s, fine);
  service.tick(1001s, fine);
  EXPECT_THAT(manager.heard, ElementsAre("STATUS=fine"));
}

TEST(ServiceProtocol, TheFirstTickAfterAReloadIsTold) {
  Manager manager;
  ServiceProtocol service(manager.hear, 60s);
  service.tick(1000s, fine);
  service.reloading(1us);
  service.ready(5s, "up");
  manager.heard.clear();
  service.tick(1001s, fine);
  EXPECT_THAT(manager.heard, Not(IsEmpty()));
}

Target target(TargetKind kind, milliseconds interval) {
  Target made;
  made.spec.kind = kind;
  made.interval = interval;
  return made;
}

TEST(LongestPause, IsThatOfTheFastestTargetThatNeverEnds) {
  Config config;
  config.sampling.discovery_interval = 2s;
  config.targets = {target(TargetKind::kPid, 100ms), target(TargetKind::kName, 1h),
                    target(TargetKind::kUnit, 30s)};
  EXPECT_EQ(longest_pause(config), 30s);
}

TEST(LongestPause, IsThatOfTheSlowestWhereAllMayEnd) {
  Config config;
  config.targets = {target(TargetKind::kPid, 100ms), target(TargetKind::kCommand, 1min)};
  EXPECT_EQ(longest_pause(config), 1min);
}

TEST(LongestPause, SearchesAreTicksAsWell) {
  Config config;
  config.sampling.discovery_interval = 1min;
  config.targets = {target(TargetKind::kName, 1s)};
  EXPECT_EQ(longest_pause(config), 1min);
}

TEST(LongestPause, CountsOnRoundsThatAreThrottled) {
  Config config;
  config.sampling.discovery_interval = 2s;
  config.targets = {target(TargetKind::kName, 1s)};
  EXPECT_EQ(longest_pause(config), 16s);
  config.self.enabled = false;
  EXPECT_EQ(longest_pause(config), 2s);
}

}  // namespace
}  // namespace soakwatch
