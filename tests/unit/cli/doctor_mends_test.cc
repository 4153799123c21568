// The words of the mends that matter: a command that is wrong does harm on somebody's machine.
#include <gtest/gtest.h>

#include "cli/doctor/probes.h"
#include "doctor_facts.h"

namespace soakwatch {
namespace {

using testing::AssertionResult;
using Unit = UnitFacts::State;

AssertionResult says(const std::string& text, const std::string& words) {
  if (text.find(words) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "'" << words << "' is not in: " << text;
}

constexpr std::uint64_t bit(int capability) { return std::uint64_t{1} << capability; }

DoctorFacts with_hidden_target() {
  DoctorFacts facts = fit_with_target();
  facts.target->is_own = false;
  for (const char* what : {"fd count", "fd links", "smaps_rollup", "environ"}) {
    facts.target->reads.push_back({what, "", "Permission denied"});
  }
  facts.target->reads.erase(facts.target->reads.begin() + 1);  // the one that was readable
  return facts;
}

TEST(DoctorMends, AnotherUsersProcessIsLookedAtByRoot) {
  const DoctorFacts facts = with_hidden_target();
  for (const char* check : {"fd count", "fd links", "smaps_rollup", "environ"}) {
    const std::string mend = line_of(facts, check).mend;
    EXPECT_EQ(mend.find("sudo soakwatch doctor name:sidecar "), 0U) << mend;
    EXPECT_TRUE(says(mend, "deeper.conf"));
    EXPECT_FALSE(says(mend, "setcap"));
  }
}

TEST(DoctorMends, HalfALevelOfCapabilities) {
  for (const std::uint64_t held :
       {bit(kCapSysPtrace), bit(kCapDacReadSearch) | bit(kCapPerfmon), bit(kCapPerfmon)}) {
    DoctorFacts facts = fit();
    facts.machine.kernel_release = "6.1.0-30-amd64";
    facts.machine.capabilities = held;
    const DoctorLine line = line_of(facts, "capabilities");
    EXPECT_EQ(line.health, Health::kWarn);
    EXPECT_EQ(line.mend.find("sudo soakwatch doctor"), 0U) << line.mend;
    EXPECT_TRUE(says(line.mend, "deeper.conf"));
    EXPECT_FALSE(says(line.mend, "setcap"));
  }
}

TEST(DoctorMends, RootWithoutRightsIsNotToldToBecomeRoot) {
  DoctorFacts facts = with_hidden_target();
  facts.machine.is_root = true;
  const std::string mend = line_of(facts, "environ").mend;
  EXPECT_FALSE(says(mend, "sudo"));
  EXPECT_TRUE(says(mend, "container"));
}

TEST(DoctorMends, AConfigurationWithoutTargetsIsEditedNotAppendedTo) {
  DoctorFacts facts = fit();
  facts.config.targets = 0;
  std::string mend = line_of(facts, "configuration").mend;
  EXPECT_EQ(mend.find("editor /etc/s.yaml && soakwatchd --config /etc/s.yaml --check-config"), 0U)
      << mend;
  EXPECT_TRUE(says(mend, "add a line `targets: [name:sidecar]`"));
  facts.config.targets_line = 155;
  facts.config.writable = false;
  mend = line_of(facts, "configuration").mend;
  EXPECT_EQ(mend.find("sudoedit /etc/s.yaml"), 0U) << mend;
  EXPECT_TRUE(says(mend, "`targets:` in line 155"));
  EXPECT_FALSE(says(mend, ">"));
}

TEST(DoctorMends, ASubsetOfProcIsMountedOver) {
  DoctorFacts facts = fit();
  facts.machine.proc_options = "rw,relatime,subset=pid";
  const std::string mend = line_of(facts, "proc").mend;
  EXPECT_EQ(mend.find("sudo mount -t proc proc /proc "), 0U) << mend;
  EXPECT_FALSE(says(mend, "remount"));
  EXPECT_TRUE(says(mend, "container"));
}

DoctorFacts with_services(Unit of_system, Unit of_user) {
  DoctorFacts facts = fit();
  facts.config.file = "/home/u/.config/soakwatch/soakwatch.yaml";
  facts.config.of_system = {"/etc/soakwatch/soakwatch.yaml", "/var/lib/soakwatch/soakwatch.db"};
  facts.config.of_user = {facts.config.file, "/home/u/.local/state/soakwatch/soakwatch.db"};
  facts.store.file = facts.config.of_user.database;
  facts.store.writer_runs = false;
  facts.store.writer_pid = 0;
  facts.services.units = {unit_in(false, of_system), unit_in(true, of_user)};
  return facts;
}

void look_at_the_systems(DoctorFacts& facts) {
  facts.store.file = facts.config.of_system.database;
  facts.store.named = true;
}

TEST(DoctorMends, TheServiceWhoseDatabaseItIsIsStarted) {
  DoctorFacts facts = with_services(Unit::kInactive, Unit::kInactive);
  EXPECT_EQ(line_of(facts, "daemon").mend, "systemctl --user enable --now soakwatch");
  facts.store.state = StoreFacts::State::kMissing;
  EXPECT_EQ(line_of(facts, "database").mend, "systemctl --user enable --now soakwatch");
  look_at_the_systems(facts);
  EXPECT_EQ(line_of(facts, "database").mend, "sudo systemctl enable --now soakwatch");
}

TEST(DoctorMends, AServiceThatIsNotThereOrReadsAnotherFileIsNotStarted) {
  DoctorFacts facts = with_services(Unit::kInactive, Unit::kNotInstalled);
  const std::string by_hand = "soakwatchd --config /home/u/.config/soakwatch/soakwatch.yaml";
  EXPECT_EQ(line_of(facts, "daemon").mend, by_hand);
  facts.services.units[1].state = Unit::kInactive;
  facts.config.named = true;
  facts.config.file = "/tmp/s.yaml";
  EXPECT_EQ(line_of(facts, "daemon").mend, "soakwatchd --config /tmp/s.yaml");
  facts.store.named = true;
  facts.store.file = "/tmp/s.db";
  EXPECT_EQ(line_of(facts, "daemon").mend, "soakwatchd --config /tmp/s.yaml --db /tmp/s.db");
}

DoctorFacts with_older_database(Unit of_system, Unit of_user) {
  DoctorFacts facts = with_services(of_system, of_user);
  facts.store.state = StoreFacts::State::kOlder;
  facts.store.trouble = "has version 5";
  facts.store.writer_runs = true;
  facts.store.writer_pid = 17;
  return facts;
}

TEST(DoctorMends, AnOlderDatabaseThatAServiceWritesTakesARestart) {
  DoctorFacts facts = with_older_database(Unit::kActive, Unit::kActive);
  EXPECT_EQ(line_of(facts, "database").mend, "systemctl --user restart soakwatch");
  facts.services.units[0].main_pid = 17;  // whatever the places say
  EXPECT_EQ(line_of(facts, "database").mend, "sudo systemctl restart soakwatch");
  facts.services.units[0].main_pid = 0;
  look_at_the_systems(facts);
  EXPECT_EQ(line_of(facts, "database").mend, "sudo systemctl restart soakwatch");
}

TEST(DoctorMends, WhatWritesAnOlderDatabaseByHandIsEndedFirst) {
  DoctorFacts facts = with_older_database(Unit::kInactive, Unit::kActive);
  facts.services.units[1].main_pid = 18;  // it writes another database
  const std::string start = "tail --pid=17 -f /dev/null && soakwatchd --config ";
  EXPECT_EQ(line_of(facts, "database").mend.find("kill 17 && " + start), 0U);
  facts.services.units[1].state = Unit::kInactive;
  EXPECT_EQ(line_of(facts, "database").mend.find("kill 17 && " + start), 0U);
  facts.store.writer_program = "soakwatch";  // a soak: its end is waited for
  EXPECT_EQ(line_of(facts, "database").mend.find(start), 0U);
}

TEST(DoctorMends, ACrashLoopFailsAndItsLogIsNext) {
  DoctorFacts facts = with_services(Unit::kRestarting, Unit::kInactive);
  DoctorLine line = line_of(facts, "system service");
  EXPECT_EQ(line.health, Health::kFail);
  EXPECT_EQ(line.mend, "sudo journalctl -u soakwatch -n 50");
  EXPECT_EQ(line_of(facts, "user service").health, Health::kPass);
  facts = with_services(Unit::kInactive, Unit::kRestarting);
  line = line_of(facts, "user service");
  EXPECT_EQ(line.health, Health::kFail);
  EXPECT_EQ(line.mend, "journalctl --user -u soakwatch -n 50");
  EXPECT_EQ(line_of(facts, "daemon").mend, line.mend);
}

// As root, of a process of uid 1000.
DoctorFacts with_service_and_target(const char* spec, std::uint64_t of_service) {
  DoctorFacts facts = fit_with_target();
  facts.machine.is_root = true;
  facts.machine.capabilities = ~std::uint64_t{0};
  facts.target->spec = spec;
  facts.target->uid = 1000;
  UnitFacts unit = unit_in(false, Unit::kActive);
  unit.user = "soakwatch";
  unit.uid = 104;
  unit.capabilities = of_service;
  facts.services.units = {unit};
  return facts;
}

bool says_nothing_of_the_service(const DoctorFacts& facts) {
  return judge_service_view(facts).empty();
}

TEST(DoctorMends, AServiceThatSeesLessThanRootIsToldOf) {
  DoctorFacts facts = with_service_and_target("port:6060", 0);
  DoctorLine line = line_of(facts, "the service");
  EXPECT_EQ(line.health, Health::kWarn);
  EXPECT_TRUE(says(line.found, "(user soakwatch) would not find it"));
  EXPECT_TRUE(says(line.mend, "systemctl edit soakwatch"));
  EXPECT_TRUE(says(line.mend, "level 2"));
  EXPECT_TRUE(says(line.mend, "deeper.conf"));
  EXPECT_EQ(line.details.size(), 2U);
  facts = with_service_and_target("name:sidecar", bit(kCapPerfmon));
  line = line_of(facts, "the service");
  EXPECT_TRUE(says(line.found, "sees less of it"));
  EXPECT_EQ(line.details.size(), 2U);  // CAP_PERFMON reads maps from 6.15 on
}

TEST(DoctorMends, AServiceThatSeesAsMuchIsNotToldOf) {
  const std::uint64_t deep = bit(kCapSysPtrace) | bit(kCapDacReadSearch);
  EXPECT_TRUE(says_nothing_of_the_service(with_service_and_target("port:6060", deep)));
  DoctorFacts facts = with_service_and_target("port:6060", 0);
  facts.target->uid = 104;  // the service's own
  EXPECT_TRUE(says_nothing_of_the_service(facts));
  facts = with_service_and_target("port:6060", 0);
  facts.machine.capabilities = 0;  // nor do we see more
  EXPECT_TRUE(says_nothing_of_the_service(facts));
  facts = with_service_and_target("port:6060", 0);
  facts.services.units[0].state = Unit::kNotInstalled;
  EXPECT_TRUE(says_nothing_of_the_service(facts));
}

TEST(DoctorMends, WhatTheServiceSeesDependsOnTheKernel) {
  const auto details = [](const char* kernel, std::uint64_t of_service) {
    DoctorFacts facts = with_service_and_target("name:sidecar", of_service);
    facts.machine.kernel_release = kernel;
    return line_of(facts, "the service").details.size();
  };
  EXPECT_EQ(details("6.1.0-30-amd64", 0), 3U);
  EXPECT_EQ(details("6.1.0-30-amd64", bit(kCapPerfmon)), 3U);
  EXPECT_EQ(details("6.2.0", 0), 2U);
  EXPECT_EQ(details("6.14.0", bit(kCapPerfmon)), 2U);
  EXPECT_EQ(details("6.15.0", bit(kCapPerfmon)), 1U);
}

Unit state_of_unit(const std::string& active, const std::string& sub,
                   const std::string& load = "loaded") {
  return unit_facts(false, "MainPID=0\nLoadState=" + load + "\nActiveState=" + active +
                               "\nSubState=" + sub + "\n")
      .state;
}

TEST(DoctorProbes, StateOfAUnit) {
  EXPECT_EQ(state_of_unit("activating", "auto-restart"), Unit::kRestarting);
  EXPECT_EQ(state_of_unit("activating", "auto-restart-queued"), Unit::kRestarting);
  EXPECT_EQ(state_of_unit("activating", "start"), Unit::kActive);
  EXPECT_EQ(state_of_unit("active", "running"), Unit::kActive);
  EXPECT_EQ(state_of_unit("failed", "failed"), Unit::kFailed);
  EXPECT_EQ(state_of_unit("inactive", "dead"), Unit::kInactive);
  EXPECT_EQ(state_of_unit("inactive", "dead", "not-found"), Unit::kNotInstalled);
  EXPECT_EQ(unit_facts(true, "").state, Unit::kNoAnswer);
  EXPECT_EQ(unit_facts(true, "ActiveState=active\nMainPID=17\n").main_pid, 17);
}

TEST(DoctorProbes, CapabilitiesOfAUnit) {
  const std::string active = "ActiveState=active\n";
  const std::string sets =
      "AmbientCapabilities=cap_perfmon\nCapabilityBoundingSet=cap_perfmon cap_sys_ptrace\n";
  EXPECT_EQ(unit_facts(false, active + "User=soakwatch\n" + sets).capabilities, bit(kCapPerfmon));
  EXPECT_EQ(unit_facts(false, active + "User=\n" + sets).capabilities,
            bit(kCapPerfmon) | bit(kCapSysPtrace));
  EXPECT_EQ(unit_facts(false, active + "User=soakwatch\nAmbientCapabilities=\n").capabilities, 0U);
}

TEST(DoctorProbes, LineOfAKey) {
  EXPECT_EQ(line_of_key("targets: []", "targets"), 1);
  EXPECT_EQ(line_of_key("a: 1\n# targets:\n  targets: x\ntargets :\n", "targets"), 4);
  EXPECT_EQ(line_of_key("targets_of: 1\n", "targets"), 0);
  EXPECT_EQ(line_of_key("targets", "targets"), 0);
  EXPECT_EQ(line_of_key("", "targets"), 0);
}

}  // namespace
}  // namespace soakwatch
