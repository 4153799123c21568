// Captures of a process, ourselves, whose pprof server does what a test says.
#include "daemon/evidence_feed.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/null_sink.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include "evidence/gunzip.h"
#include "tests/unit/collectors/http/scripted_server.h"

namespace soakwatch {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kPatience = 20s;

// So many goroutines in one place.
std::string dump(int leaked) {
  return "goroutine profile: total " + std::to_string(leaked + 1) + "\n" + std::to_string(leaked) +
         " @ 0x1 0x2\n#\t0x1\tmain.leak+0x1\t/src/leak.go:10\n\n1 @ 0x3\n#\t0x3\tmain.main+0x1\t"
         "/src/main.go:5\n\n";
}

class EvidenceFeedTest : public ::testing::Test {
 protected:
  ~EvidenceFeedTest() override { stop(); }

  void serve(ScriptedServer::Script script) {
    server_ = std::make_unique<ScriptedServer>(context_, std::move(script));
  }
  // The same answer on each of many connections, for a capture opens its own.
  void serve_always(const Answer& answer) {
    serve(ScriptedServer::Script(20, std::vector<Answer>{answer}));
  }
  EvidenceFeed& feed() {
    if (feed_) return *feed_;
    auto process = ProcessReader::open("/proc", getpid(), "boot");
    auto logger =
        std::make_shared<spdlog::logger>("t", std::make_shared<spdlog::sinks::null_sink_mt>());
    const auto where = [this]() -> std::optional<HttpEndpoint> {
      if (!server_) return std::nullopt;
      return server_->endpoint();
    };
    const auto take = [this](const std::string& detector, Evidence evidence) {
      answers_.emplace_back(detector, std::move(evidence));
    };
    feed_ = std::make_unique<EvidenceFeed>(
        context_.get_executor(), workers_, std::make_shared<ProcessReader>(std::move(*process)),
        options_, nullptr, std::vector<Capture>(), where, fields_, logger, take);
    return *feed_;
  }
  static LookRequest look_at_goroutines(CaptureReason reason = CaptureReason::kSuspicion,
                                        bool first = true) {
    return {"goroutine_growth", CaptureKind::kGoroutine, reason, {}, std::nullopt, first};
  }
  // Runs the loop until `done`, or for too long.
  template <class Done>
  testing::AssertionResult run_until(Done done) {
    const auto deadline = Clock::now() + kPatience;
    while (!done()) {
      if (Clock::now() > deadline) return testing::AssertionFailure() << "never";
      context_.restart();
      context_.run_one_for(10ms);
    }
    return testing::AssertionSuccess();
  }
  void stop() {
    if (!feed_) return;
    bool done = false;
    asio::co_spawn(context_, feed_->stop(), [&done](const std::exception_ptr&) { done = true; });
    EXPECT_TRUE(run_until([&done] { return done; }));
    feed_.reset();
  }
  // With further rounds, for what waits is started by them.
  testing::AssertionResult run_rounds_until_answered(std::size_t times) {
    return run_until([&] {
      feed().round({}, false);
      return answers_.size() >= times;
    });
  }
  [[nodiscard]] std::size_t asked() const { return server_ ? server_->requests().size() : 0; }

  asio::io_context context_;
  asio::thread_pool workers_{1};
  std::unique_ptr<ScriptedServer> server_;
  EvidenceOptions options_;
  std::vector<std::string> rules_;
  FieldRuleOptions field_options_;
  FieldWatch fields_{field_options_,
                     [this](std::string what) { rules_.push_back(std::move(what)); }};
  std::unique_ptr<EvidenceFeed> feed_;
  std::vector<std::pair<std::string, Evidence>> answers_;
};

TEST_F(EvidenceFeedTest, NamesWhoGrewBetweenTwoLooks) {
  options_.cpu_share = 1000;  // no rests
  serve({{{ok(dump(10))}}, {{ok(dump(500))}}});
  feed().round({look_at_goroutines()}, false);
  ASSERT_TRUE(run_until([this] { return answers_.size() == 1; }));
  feed().round({look_at_goroutines(CaptureReason::kSuspicion, false)}, false);
  ASSERT_TRUE(run_rounds_until_answered(2));
  EXPECT_EQ(answers_[1].first, "goroutine_growth");
  ASSERT_FALSE(answers_[1].second.culprits.empty());
  EXPECT_EQ(answers_[1].second.culprits[0].name, "main.leak");
}

// A finding waits for its look: whatever the server does, it gets an answer, and one only.
TEST_F(EvidenceFeedTest, EachLookIsAnsweredWhateverTheServerDoes) {
  options_.cpu_share = 1000;
  options_.limits.timeout = 200ms;
  options_.limits.max_body_bytes = 1 << 20;
  const std::string bomb = gzip(std::string(80 << 20, '\0')).value();
  const std::vector<Answer> bad{
      {"", Answer::Then::kHold},
      {"", Answer::Then::kReset},
      {"", Answer::Then::kClose},
      {with_status(404)},
      {ok("")},
      {ok("<html>shop</html>")},
      {ok(bomb)},
      {ok(gzip(dump(10)).value().substr(0, 40))},
      {ok("heap profile: 0: 0 [0: 0] @ heap/1048576\n")},
      {"x", Answer::Then::kHold, false, true},
  };
  ScriptedServer::Script script;
  for (const Answer& answer : bad) script.push_back({answer});
  serve(script);
  for (std::size_t i = 1; i <= bad.size(); ++i) {
    feed().round({look_at_goroutines()}, false);
    ASSERT_TRUE(run_rounds_until_answered(i)) << i;
    EXPECT_EQ(answers_.size(), i);
    EXPECT_TRUE(answers_.back().second.culprits.empty());
    EXPECT_FALSE(answers_.back().second.confirmed);
    EXPECT_TRUE(answers_.back().second.statement.starts_with("nobody could be named: "))
        << answers_.back().second.statement;
  }
  EXPECT_EQ(asked(), bad.size());
}

TEST_F(EvidenceFeedTest, ALookWithoutAServerIsAnsweredToo) {
  feed().round({look_at_goroutines()}, false);
  ASSERT_TRUE(run_until([this] { return !answers_.empty(); }));
  EXPECT_TRUE(answers_[0].second.statement.starts_with("nobody could be named: "));
}

// The end of the process, or of the watch, in the middle of a look, with another one waiting.
TEST_F(EvidenceFeedTest, StoppingAnswersWhatIsUnderWayAndWhatWaits) {
  options_.limits.timeout = 60s;
  serve_always({"", Answer::Then::kHold});
  LookRequest heap = look_at_goroutines();
  heap.detector = "live_heap_growth";
  heap.kind = CaptureKind::kHeap;
  feed().round({look_at_goroutines(), heap}, false);
  ASSERT_TRUE(run_until([this] { return asked() == 1; }));
  EXPECT_TRUE(answers_.empty());
  stop();
  ASSERT_EQ(answers_.size(), 2U);
  EXPECT_EQ(answers_[0].first, "goroutine_growth");
  EXPECT_EQ(answers_[1].first, "live_heap_growth");
}

TEST_F(EvidenceFeedTest, OfOneDetectorOnlyTheNewestRequestWaits) {
  options_.limits.timeout = 60s;
  serve_always({"", Answer::Then::kHold});
  LookRequest other = look_at_goroutines();
  other.detector = "fd_growth";
  other.kind = CaptureKind::kFds;
  feed().round({look_at_goroutines()}, false);
  ASSERT_TRUE(run_until([this] { return asked() == 1; }));
  for (int i = 0; i < 100; ++i) feed().round({other}, false);
  stop();
  EXPECT_EQ(answers_.size(), 2U);
}

TEST_F(EvidenceFeedTest, ABaselineIsTakenOfAHealthyProcess) {
  options_.warm_up = 0ms;
  options_.cpu_share = 1000;
  serve_always({ok(dump(10))});
  feed().round({}, true);
  ASSERT_TRUE(run_until([this] { return asked() >= 2; }));
  EXPECT_NE(server_->requests()[0].find("/debug/pprof/goroutine"), std::string::npos);
  EXPECT_TRUE(answers_.empty());
}

TEST_F(EvidenceFeedTest, NoBaselineIsTakenUnderSuspicionNorInTheWarmUp) {
  options_.cpu_share = 1000;
  options_.warm_up = 0ms;
  serve_always({ok(dump(10))});
  feed().round({}, false);
  EXPECT_TRUE(run_until([t = Clock::now() + 50ms] { return Clock::now() > t; }));
  EXPECT_EQ(asked(), 0U);
  stop();
  options_.warm_up = 1h;
  feed().round({}, true);
  EXPECT_TRUE(run_until([t = Clock::now() + 50ms] { return Clock::now() > t; }));
  EXPECT_EQ(asked(), 0U);
}

// A server that is slow to fail costs its target as much as one that answers.
TEST_F(EvidenceFeedTest, AfterASlowCaptureASuspicionRestsAndAnAlertDoesNot) {
  options_.cpu_share = 0.001;
  options_.limits.timeout = 100ms;  // a rest of 100 s
  serve_always({"", Answer::Then::kHold});
  feed().round({look_at_goroutines()}, false);
  ASSERT_TRUE(run_until([this] { return answers_.size() == 1; }));
  feed().round({look_at_goroutines()}, false);
  EXPECT_TRUE(run_until([t = Clock::now() + 200ms] { return Clock::now() > t; }));
  EXPECT_EQ(asked(), 1U);
  feed().round({look_at_goroutines(CaptureReason::kFiring)}, false);
  EXPECT_TRUE(run_until([this] { return asked() == 2; }));
}

}  // namespace
}  // namespace soakwatch
