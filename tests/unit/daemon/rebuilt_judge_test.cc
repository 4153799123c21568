#include "daemon/rebuilt_judge.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "../storage/store_fixture.h"

namespace soakwatch {
namespace {

using namespace std::chrono_literals;

const WallTime kBegin = from_unix_ms(1795164000000);

DetectionOptions options() {
  DetectionOptions o;
  o.blocks = {60s, 4, 24};
  o.warm_up = 0s;
  o.cold_start_span = 0s;
  o.signals = {{Signal::kOpenFds, 32, 0.2, 10s}};
  return o;
}

class RebuiltJudgeTest : public StoreTest {
 protected:
  Sample sample(int i, double fds) const {
    Sample s{instance_, kBegin + i * 10s, i * 10s, {}};
    s.values.set(Metric::kOpenFds, fds);
    return s;
  }
  // Stores two hours, in which 300 descriptors leak each hour; returns what was judged last.
  void store(std::optional<int> replaced_at) {
    auto store = open();
    const TargetId target = store->target_id("t", {}, kBegin);
    instance_ = store->instance_id(target, process_, kBegin).id;
    for (int i = 0; i < 720; ++i) {
      if (i == replaced_at) {
        store->add_event({kBegin + i * 10s, EventKind::kProgramReplaced, target, instance_, "x"});
      }
      store->add_sample(sample(i, 20 + 300 * i / 360.0));
    }
  }
  // What the next two minutes say.
  int findings(ProcessJudge& judge) const {
    int findings = 0;
    for (int i = 720; i < 732; ++i) {
      for (const Judgement& j : judge.observe(sample(i, 620))) findings += j.finding ? 1 : 0;
    }
    return findings;
  }
  ProcessInfo process_{{"boot", 1234, 77}, "a", "/bin/a", "a", {}, false, {}, {}};
  InstanceId instance_ = 0;
};

TEST_F(RebuiltJudgeTest, KnowsWhatItHadFound) {
  store({});
  auto rebuilt = rebuild_judge(options(), process_, options_.database, instance_);
  ASSERT_TRUE(rebuilt) << rebuilt.error().message;
  EXPECT_EQ(rebuilt->samples, 720);
  EXPECT_GT(findings(rebuilt->judge), 0);
}

TEST_F(RebuiltJudgeTest, KnowsNothingOfTheProgramThatTheProcessWasBefore) {
  store(700);
  auto rebuilt = rebuild_judge(options(), process_, options_.database, instance_);
  ASSERT_TRUE(rebuilt) << rebuilt.error().message;
  EXPECT_EQ(rebuilt->samples, 20);
  EXPECT_EQ(findings(rebuilt->judge), 0);
}

}  // namespace
}  // namespace soakwatch
