// The words of the mends that matter: a command that is wrong does harm on somebody's machine.
#include <gtest/gtest.h>

#include "doctor_facts.h"

namespace soakwatch {
namespace {

using testing::AssertionResult;
using Unit = UnitFacts::State;

AssertionResult has(const std::string& text, const std::string& words) {
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
    EXPECT_TRUE(has(mend, "deeper.conf"));
    EXPECT_FALSE(has(mend, "setcap"));
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
    EXPECT_TRUE(has(line.mend, "deeper.conf"));
    EXPECT_FALSE(has(line.mend, "setcap"));
  }
}

TEST(DoctorMends, RootWithoutRightsIsNotToldToBecomeRoot) {
  DoctorFacts facts = with_hidden_target();
  facts.machine.is_root = true;
  const std::string mend = line_of(facts, "environ").mend;
  EXPECT_FALSE(has(mend, "sudo"));
  EXPECT_TRUE(has(mend, "container"));
}

}  // namespace
}  // namespace soakwatch
