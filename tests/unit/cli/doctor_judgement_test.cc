// Pairs: warns or fails on X, passes on Y.
#include <gtest/gtest.h>

#include <algorithm>

#include "cli/doctor/doctor_output.h"
#include "cli/doctor/judgement.h"
#include "doctor_facts.h"

namespace soakwatch {
namespace {

using namespace std::chrono_literals;
using State = StoreFacts::State;

Health health(const DoctorFacts& facts, const std::string& check) {
  return line_of(facts, check).health;
}

using Change = void (*)(DoctorFacts&);
struct Case {
  const char* name;
  const char* check;
  Health expected;
  Change change;
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

class Doctor : public testing::TestWithParam<Case> {};

TEST_P(Doctor, SeesItAndPassesWithoutIt) {
  const Case& one = GetParam();
  DoctorFacts facts = fit_with_target();
  EXPECT_EQ(health(facts, one.check), Health::kPass);
  one.change(facts);
  EXPECT_EQ(health(facts, one.check), one.expected);
  for (const DoctorLine& line : judge(facts)) {
    EXPECT_EQ(line.mend.empty(), line.health == Health::kPass) << line.check;
    EXPECT_FALSE(line.found.empty()) << line.check;
    // The file of a program is everybody's, and so would be its capabilities.
    EXPECT_EQ(line.mend.find("setcap"), std::string::npos) << line.mend;
  }
}

constexpr Health kWarn = Health::kWarn;
constexpr Health kFail = Health::kFail;

INSTANTIATE_TEST_SUITE_P(
    Facts, Doctor,
    testing::Values(
        Case{"Kernel61", "kernel", kWarn,
             [](DoctorFacts& f) { f.machine.kernel_release = "6.1.0-30-amd64"; }},
        Case{"NoRollup", "kernel", kWarn,
             [](DoctorFacts& f) { f.machine.has_smaps_rollup = false; }},
        Case{"NoProc", "proc", kFail, [](DoctorFacts& f) { f.machine.proc_options.reset(); }},
        Case{"Hidepid", "proc", kWarn,
             [](DoctorFacts& f) { f.machine.proc_options = "rw,gid=4,hidepid=invisible"; }},
        Case{"SubsetPid", "proc", kFail,
             [](DoctorFacts& f) { f.machine.proc_options = "rw,subset=pid"; }},
        Case{"HalfALevel", "capabilities", kWarn,
             [](DoctorFacts& f) { f.machine.capabilities = std::uint64_t{1} << kCapSysPtrace; }},
        Case{"Year", "clock", kFail, [](DoctorFacts& f) { f.machine.now.wall = WallTime(1s); }},
        Case{"FewFiles", "open files", kFail,
             [](DoctorFacts& f) { f.machine.hard_open_files = f.machine.soft_open_files = 32; }},
        Case{"ManyTargets", "open files", kWarn,
             [](DoctorFacts& f) {
               f.config.targets = 1000;
               f.machine.hard_open_files = 100'000;
             }},
        Case{"Cgroup", "cgroup", kWarn, [](DoctorFacts& f) { f.machine.cgroup_v2 = false; }},
        Case{"Throttled", "ceilings", kWarn,
             [](DoctorFacts& f) {
               f.store.stats->set(DaemonFigure::kThrottleLevel, 3);
               f.store.stats->set(DaemonFigure::kIntervalFactor, 4);
             }},
        Case{"ShortOfMemory", "ceilings", kWarn,
             [](DoctorFacts& f) { f.store.stats->set(DaemonFigure::kShortOfMemory, 1); }},
        Case{"DroppedSamples", "losses", kWarn,
             [](DoctorFacts& f) { f.store.stats->set(DaemonFigure::kDroppedSamplesTotal, 7); }},
        Case{
            "DeafHook", "losses", kWarn,
            [](DoctorFacts& f) { f.store.stats->set(DaemonFigure::kFailedNotificationsTotal, 1); }},
        Case{"NoConfig", "configuration", kWarn, [](DoctorFacts& f) { f.config.found = false; }},
        Case{"NamedConfig", "configuration", kFail,
             [](DoctorFacts& f) {
               f.config.found = false;
               f.config.named = true;
             }},
        Case{"Mistakes", "configuration", kFail,
             [](DoctorFacts& f) { f.config.mistakes = {"a:1:1: no"}; }},
        Case{"NoTargets", "configuration", kWarn, [](DoctorFacts& f) { f.config.targets = 0; }},
        Case{"NoDatabase", "database", kWarn,
             [](DoctorFacts& f) { f.store.state = State::kMissing; }},
        Case{"Denied", "database", kFail,
             [](DoctorFacts& f) {
               f.store.state = State::kDenied;
               f.store.trouble = "denied";
             }},
        Case{"DeadMount", "database", kFail,
             [](DoctorFacts& f) {
               f.store.state = State::kSilent;
               f.store.trouble = "does not answer";
             }},
        Case{"Older", "database", kWarn,
             [](DoctorFacts& f) {
               f.store.state = State::kOlder;
               f.store.trouble = "old";
             }},
        Case{"NoWriter", "daemon", kWarn, [](DoctorFacts& f) { f.store.writer_runs = false; }},
        Case{"Wal", "write-ahead log", kWarn,
             [](DoctorFacts& f) { f.store.wal_bytes = 65 * kMebibyte; }},
        Case{"DiskLow", "disk", kWarn,
             [](DoctorFacts& f) { f.store.free_bytes = 1023 * kMebibyte; }},
        Case{"DiskFull", "disk", kFail,
             [](DoctorFacts& f) { f.store.free_bytes = 63 * kMebibyte; }},
        Case{"Captures", "captures", kWarn,
             [](DoctorFacts& f) { f.store.capture_bytes = 257 * kMebibyte; }},
        Case{"Silent", "samples", kFail,
             [](DoctorFacts& f) { f.store.running[0].newest_sample = kToday - 76s; }},
        Case{"Future", "samples", kWarn,
             [](DoctorFacts& f) { f.store.running[0].newest_sample = kToday + 1h; }},
        Case{"NoneRuns", "samples", kWarn, [](DoctorFacts& f) { f.store.running.clear(); }},
        Case{"NoProcess", "target", kFail, [](DoctorFacts& f) { f.target->matches = 0; }},
        Case{"Several", "target", kWarn, [](DoctorFacts& f) { f.target->matches = 2; }},
        Case{"NoStatm", "statm", kFail,
             [](DoctorFacts& f) { f.target->reads[0].trouble = "denied"; }},
        Case{"NoEnviron", "environ", kWarn,
             [](DoctorFacts& f) { f.target->reads[1].trouble = "denied"; }},
        Case{"NoServer", "pprof", kWarn,
             [](DoctorFacts& f) {
               f.target->pprof.url.clear();
               f.target->pprof.trouble = "none";
             }},
        Case{"SlowHeap", "pprof heap", kWarn,
             [](DoctorFacts& f) { f.target->pprof.heap_latency = 3s; }},
        Case{"NamedServerIsSilent", "pprof index", kFail,
             [](DoctorFacts& f) {
               f.target->pprof.named = true;
               f.target->pprof.index_latency.reset();
               f.target->pprof.index_trouble = "refused";
             }},
        Case{"Misses", "a round", kWarn,
             [](DoctorFacts& f) { f.target->missing_proc = {"pss_bytes"}; }}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(DoctorJudgement, AFailedServiceFailsAndAnAbsentOneDoesNot) {
  DoctorFacts facts = fit();
  facts.services.units = {unit_in(false, UnitFacts::State::kNotInstalled)};
  facts.services.logind_trouble = "no bus";
  EXPECT_FALSE(any_fails(judge(facts)));
  EXPECT_EQ(health(facts, "sleep"), Health::kPass);
  facts.services.units[0].state = UnitFacts::State::kFailed;
  EXPECT_EQ(health(facts, "system service"), Health::kFail);
}

TEST(DoctorJudgement, ASleepOfTheMachineIsToldAndNoFault) {
  DoctorFacts facts = fit();
  facts.machine.now.boottime = 13h;
  const auto lines = judge(facts);
  const auto clock = std::find_if(lines.begin(), lines.end(),
                                  [](const DoctorLine& line) { return line.check == "clock"; });
  ASSERT_NE(clock, lines.end());
  EXPECT_NE(clock->found.find("slept 3h"), std::string::npos) << clock->found;
  EXPECT_EQ(clock->health, Health::kPass);
}

TEST(DoctorJudgement, KernelVersions) {
  EXPECT_EQ(parse_kernel_version("6.1.0-30-amd64"), (KernelVersion{6, 1}));
  EXPECT_LT(parse_kernel_version("6.9"), parse_kernel_version("6.15"));
  EXPECT_EQ(parse_kernel_version("odd"), KernelVersion{});
  EXPECT_EQ(parse_kernel_version(""), KernelVersion{});
}

TEST(DoctorOutput, HostileNamesAreEscaped) {
  const std::vector<DoctorLine> lines{{Health::kWarn, "target", "\x1b[31m", "x", {"d\n"}}};
  EXPECT_EQ(doctor_text(lines, false),
            "warn  target  \\x1b[31m\n              d\\x0a\n              mend: x\n\n"
            "0 pass, 1 warn, 0 fail\n");
  EXPECT_EQ(doctor_json(lines),
            R"({"fit":true,"passed":0,"warned":1,"failed":0,"checks":[{"health":"warn",)"
            R"("check":"target","found":"\\x1b[31m","details":["d\\x0a"],"mend":"x"}]})");
}

}  // namespace
}  // namespace soakwatch
