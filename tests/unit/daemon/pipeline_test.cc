#include "daemon/pipeline.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/null_sink.h>

#include <cstdlib>
#include <deque>
#include <filesystem>

namespace soakwatch {
namespace {

using namespace std::chrono_literals;

const WallTime kStart = from_unix_ms(1795164000000);

// Judges as it was told, a sample each.
class ScriptedDetector : public Detector {
 public:
  explicit ScriptedDetector(std::deque<bool> grows) : grows_(std::move(grows)) {}
  std::optional<Judgement> observe(const Sample&) override {
    if (grows_.empty()) return std::nullopt;
    Judgement judgement{name(), std::nullopt};
    if (grows_.front()) {
      judgement.finding = Finding{};
      judgement.finding->detector = name();
      judgement.finding->metric = Metric::kGoroutines;
      judgement.finding->current = ++level_;
    }
    grows_.pop_front();
    return judgement;
  }
  [[nodiscard]] std::string name() const override { return "goroutine_growth"; }

 private:
  std::deque<bool> grows_;
  double level_ = 0;
};

ProcessJudge scripted(std::deque<bool> grows) {
  Detectors detectors;
  detectors.push_back(std::make_unique<ScriptedDetector>(std::move(grows)));
  return ProcessJudge(std::move(detectors));
}

class Recorder : public Listener {
 public:
  void on_sample(const std::string&, const ProcessInfo&, const Sample& sample) override {
    samples.push_back(sample);
  }
  void on_event(const std::string&, const Event& event) override { events.push_back(event.kind); }
  void on_alert(const AlertTransition& transition) override {
    states.push_back(transition.alert.state);
  }
  std::vector<Sample> samples;
  std::vector<EventKind> events;
  std::vector<AlertState> states;
};

class PipelineTest : public ::testing::Test {
 protected:
  PipelineTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "soakwatch-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    target_.name = "sidecar";
    process_.id = {"boot", 12, 345};
    process_.comm = "sidecar";
  }
  ~PipelineTest() override {
    pipeline_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  // The daemon starts: again on the same file when called a second time.
  void start() {
    pipeline_.reset();
    store_.reset();
    StoreOptions options;
    options.database = folder_ / "s.db";
    options.batch_linger = 0ms;
    auto store = SampleStore::open(options);
    ASSERT_TRUE(store.has_value()) << store.error().message;
    store_ = std::move(*store);
    listener_ = Recorder();
    auto logger =
        std::make_shared<spdlog::logger>("t", std::make_shared<spdlog::sinks::null_sink_mt>());
    pipeline_ = std::make_unique<Pipeline>(
        Pipeline::Parts{store_.get(), nullptr, &listener_, logger, AlertOptions{0ms, 0ms}, looks_});
    auto reader = open_reader();
    const auto is_alive = [this](const ProcessId&) { return alive_; };
    ASSERT_TRUE(pipeline_->restore(reader, is_alive, kStart).has_value());
    id_ = pipeline_->add_target(target_, kStart);
  }
  SampleReader open_reader() { return std::move(SampleReader::open(folder_ / "s.db").value()); }
  Pipeline::Begin begin(ProcessJudge judge) {
    const auto instance = pipeline_->identify(id_, process_, kStart);
    pipeline_->begin(id_, instance, process_, std::move(judge), kStart);
    return instance;
  }
  void feed(InstanceId instance, int samples) {
    for (int i = 0; i < samples; ++i) {
      Sample sample{instance, kStart + i * 1s, i * 1s, {}};
      sample.values.set(Metric::kGoroutines, i);
      for (LookRequest& look : pipeline_->sample(sample)) wanted_.push_back(std::move(look));
    }
    ASSERT_TRUE(store_->flush(10s).has_value());
  }

  bool alive_ = true;   // the processes of an earlier run
  bool looks_ = false;  // somebody takes looks into the process
  std::vector<LookRequest> wanted_;
  std::filesystem::path folder_;
  Target target_;
  ProcessInfo process_;
  std::unique_ptr<SampleStore> store_;
  Recorder listener_;
  std::unique_ptr<Pipeline> pipeline_;
  TargetId id_ = 0;
};

TEST_F(PipelineTest, ASampleIsStoredShownAndJudged) {
  start();
  feed(begin(scripted({true, true, false})).id, 3);
  EXPECT_EQ(listener_.samples.size(), 3U);
  EXPECT_EQ(listener_.states,
            (std::vector{AlertState::kPending, AlertState::kFiring, AlertState::kResolved}));
  auto reader = open_reader();
  EXPECT_EQ(reader.count({}).value(), 3);
  const auto alerts = reader.alerts(false, 10).value();
  ASSERT_EQ(alerts.size(), 1U);
  EXPECT_EQ(alerts[0].state, AlertState::kResolved);
}

Evidence somebody() {
  Evidence evidence;
  Culprit culprit;
  culprit.kind = CaptureKind::kGoroutine;
  culprit.name = "main.leak";
  culprit.location = "leak.go:7";
  evidence.culprits.push_back(culprit);
  evidence.statement = "looked";
  return evidence;
}

TEST_F(PipelineTest, AnAlertWaitsForTheLookThatNamesItsCulprit) {
  looks_ = true;
  start();
  const auto instance = begin(scripted({true, true}));
  EXPECT_TRUE(pipeline_->is_quiet(instance.id));
  feed(instance.id, 2);
  EXPECT_EQ(listener_.states, std::vector{AlertState::kPending});
  EXPECT_FALSE(pipeline_->is_quiet(instance.id));
  ASSERT_EQ(wanted_.size(), 1U);
  EXPECT_EQ(wanted_[0].alert, pipeline_->open_alerts()[0].id);

  pipeline_->looked(instance.id, wanted_[0].detector, somebody(), kStart + 3s);
  EXPECT_EQ(listener_.states, (std::vector{AlertState::kPending, AlertState::kFiring}));
  ASSERT_TRUE(store_->flush(10s).has_value());
  const auto alerts = open_reader().alerts(true, 10).value();
  ASSERT_EQ(alerts.size(), 1U);
  ASSERT_EQ(alerts[0].finding.culprits.size(), 1U);
  EXPECT_EQ(alerts[0].finding.culprits[0].name, "main.leak");
  EXPECT_EQ(alerts[0].finding.probe, "looked");
}

TEST_F(PipelineTest, AnAlertThatStillWaitsIsToldWhenTheProcessEnds) {
  looks_ = true;
  start();
  const auto instance = begin(scripted({true}));
  feed(instance.id, 1);
  pipeline_->end(instance.id, "the process ended", kStart + 2s);
  EXPECT_EQ(listener_.states,
            (std::vector{AlertState::kPending, AlertState::kFiring, AlertState::kResolved}));
}

TEST_F(PipelineTest, ALookThatComesAfterTheEndChangesNothing) {
  looks_ = true;
  start();
  const auto instance = begin(scripted({true, false}));
  feed(instance.id, 2);
  pipeline_->looked(instance.id, "goroutine_growth", somebody(), kStart + 3s);
  EXPECT_EQ(listener_.states, (std::vector{AlertState::kPending, AlertState::kInactive}));
}

TEST_F(PipelineTest, WithoutFindingsNothingIsTold) {
  start();
  feed(begin(scripted({false, false, false})).id, 3);
  EXPECT_TRUE(listener_.states.empty());
}

TEST_F(PipelineTest, AfterARestartTheAlertNeitherFiresAgainNorVanishes) {
  start();
  feed(begin(scripted({true})).id, 1);
  ASSERT_EQ(pipeline_->open_alerts().size(), 1U);
  const AlertId alert = pipeline_->open_alerts()[0].id;

  start();
  ASSERT_EQ(pipeline_->open_alerts().size(), 1U);
  const auto instance = begin(scripted({true, true}));
  EXPECT_TRUE(instance.known);
  EXPECT_EQ(listener_.events, std::vector{EventKind::kInstanceResumed});
  feed(instance.id, 2);
  EXPECT_TRUE(listener_.states.empty());
  EXPECT_EQ(pipeline_->open_alerts()[0].id, alert);
}

TEST_F(PipelineTest, AnotherProgramInTheSameProcessIsJudgedAfresh) {
  start();
  const auto instance = begin(scripted({true}));
  feed(instance.id, 1);
  process_.cmdline = "/bin/sidecar -v";
  process_.gogc_percent = 50;
  pipeline_->replace_program(instance.id, process_, scripted({true, true}), kStart + 1s);
  EXPECT_TRUE(pipeline_->open_alerts().empty());
  feed(instance.id, 2);
  EXPECT_EQ(listener_.events,
            (std::vector{EventKind::kInstanceStarted, EventKind::kProgramReplaced}));
  EXPECT_EQ(pipeline_->open_alerts().size(), 1U);
  auto reader = open_reader();
  const auto instances = reader.instances().value();
  ASSERT_EQ(instances.size(), 1U);
  EXPECT_EQ(instances[0].process.cmdline, "/bin/sidecar -v");
  EXPECT_EQ(instances[0].process.gogc_percent, 50);
  EXPECT_FALSE(instances[0].ended.has_value());
  EXPECT_EQ(reader.alerts(false, 10).value().size(), 2U);
}

TEST_F(PipelineTest, AnotherProcessAfterARestartEndsTheOldOneAndItsAlerts) {
  start();
  const auto old = begin(scripted({true}));
  feed(old.id, 1);

  start();
  process_.id.start_ticks += 1;  // the same pid, another process
  const auto instance = begin(scripted({}));
  EXPECT_FALSE(instance.known);
  EXPECT_NE(instance.id, old.id);
  EXPECT_EQ(listener_.events,
            (std::vector{EventKind::kInstanceEnded, EventKind::kInstanceRestarted}));
  EXPECT_EQ(listener_.states, std::vector{AlertState::kResolved});
  ASSERT_TRUE(store_->flush(10s).has_value());
  auto reader = open_reader();
  const auto instances = reader.instances().value();
  ASSERT_EQ(instances.size(), 2U);
  EXPECT_TRUE(instances[0].ended.has_value());
  EXPECT_FALSE(instances[1].ended.has_value());
}

TEST_F(PipelineTest, WhatEndedUnwatchedIsEndedEvenWhereItsTargetIsGone) {
  start();
  feed(begin(scripted({true})).id, 1);

  alive_ = false;
  target_.name = "another";
  start();
  EXPECT_EQ(listener_.events, std::vector{EventKind::kInstanceEnded});
  EXPECT_EQ(listener_.states, std::vector{AlertState::kResolved});
  EXPECT_TRUE(pipeline_->open_alerts().empty());
  ASSERT_TRUE(store_->flush(10s).has_value());
  auto reader = open_reader();
  EXPECT_TRUE(reader.instances().value().at(0).ended.has_value());
}

TEST_F(PipelineTest, TheEndOfAnInstanceResolvesItsAlert) {
  start();
  const auto instance = begin(scripted({true}));
  feed(instance.id, 1);
  pipeline_->end(instance.id, "the process ended", kStart + 1min);
  EXPECT_EQ(listener_.states.back(), AlertState::kResolved);
  EXPECT_EQ(listener_.events.back(), EventKind::kInstanceEnded);
  EXPECT_TRUE(pipeline_->open_alerts().empty());
}

TEST_F(PipelineTest, TheFiguresOfAnOpenAlertAreKeptUpToDate) {
  start();
  const auto instance = begin(scripted(std::deque<bool>(90, true)));
  feed(instance.id, 90);
  auto reader = open_reader();
  const auto alerts = reader.alerts(true, 10).value();
  ASSERT_EQ(alerts.size(), 1U);
  EXPECT_EQ(alerts[0].finding.current, 61);  // written again after a minute of samples
  EXPECT_EQ(reader.alert_history(alerts[0].id).value().size(), 2U);  // pending, firing
}

}  // namespace
}  // namespace soakwatch
