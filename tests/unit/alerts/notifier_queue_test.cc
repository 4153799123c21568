#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "alerts/notifier.h"
#include "hook_script.h"

namespace soakwatch {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// What was told to the notifiers, and a gate that holds them back. Outlives the queue.
class Record {
 public:
  void tell(const std::string& line) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(line);
    changed_.notify_all();
  }
  std::vector<std::string> lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  bool wait_for_lines(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20),
                             [&] { return lines_.size() >= count; });
  }
  void close_gate() { set_gate(false); }
  void open_gate() { set_gate(true); }
  void pass_gate() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return open_; });
  }

 private:
  void set_gate(bool open) {
    const std::lock_guard lock(mutex_);
    open_ = open;
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
  bool open_ = true;
};

// Records "NAME ID STATE", then waits at the gate, which interrupt() opens.
class RecordingNotifier : public Notifier {
 public:
  RecordingNotifier(Record& record, std::string name) : record_(record), name_(std::move(name)) {}
  Result<void> notify(const AlertTransition& t) override {
    record_.tell(name_ + " " + std::to_string(t.alert.id) + " " +
                 std::string(to_string(t.alert.state)));
    record_.pass_gate();
    return {};
  }
  [[nodiscard]] std::string name() const override { return name_; }
  void interrupt() override { record_.open_gate(); }

 private:
  Record& record_;
  std::string name_;
};

class FailingNotifier : public Notifier {
 public:
  explicit FailingNotifier(bool throws) : throws_(throws) {}
  Result<void> notify(const AlertTransition&) override {
    if (throws_) throw std::runtime_error("thrown");
    return Error{ErrorKind::kIo, "refused"};
  }
  [[nodiscard]] std::string name() const override { return "broken"; }

 private:
  bool throws_;
};

class NotifierQueueTest : public ::testing::Test {
 protected:
  void add(std::unique_ptr<Notifier> notifier) { notifiers_.push_back(std::move(notifier)); }
  void start(std::size_t limit, milliseconds drain_limit = std::chrono::seconds(20)) {
    queue_ = std::make_unique<NotifierQueue>(
        std::move(notifiers_), limit, [this](const std::string& e) { errors_.tell(e); },
        drain_limit);
  }
  Record record_;
  Record other_;
  Record errors_;
  std::vector<std::unique_ptr<Notifier>> notifiers_;
  std::unique_ptr<NotifierQueue> queue_;
};

TEST_F(NotifierQueueTest, TellsEachNotifierInOrderAndAllBeforeItEnds) {
  add(std::make_unique<RecordingNotifier>(record_, "a"));
  add(std::make_unique<RecordingNotifier>(other_, "b"));
  start(10);
  queue_->push(to_firing(1));
  queue_->push(to_firing(2));
  queue_->push(to_resolved(1));
  queue_.reset();
  EXPECT_THAT(record_.lines(), ElementsAre("a 1 firing", "a 2 firing", "a 1 resolved"));
  EXPECT_THAT(other_.lines(), ElementsAre("b 1 firing", "b 2 firing", "b 1 resolved"));
  EXPECT_THAT(errors_.lines(), IsEmpty());
}

TEST_F(NotifierQueueTest, TellsNobodyOfPendingAndInactive) {
  add(std::make_unique<RecordingNotifier>(record_, "a"));
  start(10);
  AlertTransition pending = to_firing(1);
  pending.from = AlertState::kInactive;
  pending.alert.state = AlertState::kPending;
  queue_->push(pending);
  AlertTransition inactive = to_firing(1);
  inactive.alert.state = AlertState::kInactive;
  queue_->push(inactive);
  queue_.reset();
  EXPECT_THAT(record_.lines(), IsEmpty());
}

TEST_F(NotifierQueueTest, TellsOfThePlateauAndOfNewsAndOfTheEndAfterThem) {
  add(std::make_unique<RecordingNotifier>(record_, "a"));
  start(10);
  AlertTransition news = to_firing(1);
  news.from = AlertState::kFiring;
  queue_->push(news);
  queue_->push(to_plateau(1));
  AlertTransition again = to_firing(1);
  again.from = AlertState::kPlateau;
  queue_->push(again);
  AlertTransition end = to_resolved(1);
  end.from = AlertState::kPlateau;
  queue_->push(end);
  queue_.reset();
  EXPECT_THAT(record_.lines(),
              ElementsAre("a 1 firing", "a 1 plateau", "a 1 firing", "a 1 resolved"));
}

TEST_F(NotifierQueueTest, TellsNobodyOfAnAlertThatItsRootTellsOf) {
  add(std::make_unique<RecordingNotifier>(record_, "a"));
  start(10);
  for (AlertTransition t : {to_firing(1), to_plateau(1), to_resolved(1)}) {
    t.alert.told = false;
    queue_->push(t);
  }
  queue_->push(to_firing(2));
  queue_.reset();
  EXPECT_THAT(record_.lines(), ElementsAre("a 2 firing"));
}

TEST_F(NotifierQueueTest, AFailureIsToldAndCostsTheOthersNothing) {
  add(std::make_unique<FailingNotifier>(false));
  add(std::make_unique<FailingNotifier>(true));
  add(std::make_unique<RecordingNotifier>(record_, "a"));
  start(10);
  queue_->push(to_firing(1));
  queue_->push(to_firing(2));
  queue_.reset();
  EXPECT_THAT(record_.lines(), ElementsAre("a 1 firing", "a 2 firing"));
  EXPECT_THAT(errors_.lines(), UnorderedElementsAre("broken: refused", "broken: thrown",
                                                    "broken: refused", "broken: thrown"));
}

TEST_F(NotifierQueueTest, CountsWhatCouldNotBeDelivered) {
  add(std::make_unique<FailingNotifier>(false));
  add(std::make_unique<RecordingNotifier>(record_, "a"));
  start(10);
  for (AlertId id = 1; id <= 3; ++id) queue_->push(to_firing(id));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (queue_->failed() < 3 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  EXPECT_EQ(queue_->failed(), 3U);
  EXPECT_EQ(queue_->dropped(), 0U);
}

TEST_F(NotifierQueueTest, ErrorsAreToldOneAtATime) {
  constexpr int kNotifiers = 4;
  constexpr AlertId kAlerts = 200;
  for (int i = 0; i < kNotifiers; ++i) add(std::make_unique<FailingNotifier>(false));
  std::atomic<int> inside = 0;
  std::atomic<int> together = 0;
  int told = 0;
  queue_ = std::make_unique<NotifierQueue>(
      std::move(notifiers_), 1000,
      [&](const std::string&) {
        if (++inside > 1) ++together;
        ++told;
        std::this_thread::yield();
        --inside;
      },
      std::chrono::seconds(20));
  for (AlertId id = 1; id <= kAlerts; ++id) queue_->push(to_firing(id));
  queue_.reset();
  EXPECT_EQ(together, 0);
  EXPECT_EQ(told, kNotifiers * kAlerts);
}

TEST_F(NotifierQueueTest, ANotifierThatBlocksDoesNotDelayAnother) {
  other_.close_gate();
  add(std::make_unique<RecordingNotifier>(other_, "a"));
  add(std::make_unique<RecordingNotifier>(record_, "b"));
  start(10);
  queue_->push(to_firing(1));
  ASSERT_TRUE(other_.wait_for_lines(1));
  queue_->push(to_firing(2));
  EXPECT_TRUE(record_.wait_for_lines(2));
  EXPECT_THAT(other_.lines(), ElementsAre("a 1 firing"));  // still at its gate
  other_.open_gate();
  queue_.reset();
  EXPECT_THAT(record_.lines(), ElementsAre("b 1 firing", "b 2 firing"));
  EXPECT_THAT(other_.lines(), ElementsAre("a 1 firing", "a 2 firing"));
  EXPECT_THAT(errors_.lines(), IsEmpty());
}

TEST_F(NotifierQueueTest, AtTheEndABlockedNotifierCostsTheOthersNothing) {
  other_.close_gate();
  add(std::make_unique<RecordingNotifier>(other_, "a"));
  add(std::make_unique<RecordingNotifier>(record_, "b"));
  start(100, std::chrono::seconds(1));
  queue_->push(to_firing(1));
  ASSERT_TRUE(other_.wait_for_lines(1));
  for (AlertId id = 2; id <= 50; ++id) queue_->push(to_firing(id));
  queue_.reset();
  ASSERT_EQ(record_.lines().size(), 50U);
  EXPECT_EQ(record_.lines().back(), "b 50 firing");
  EXPECT_THAT(other_.lines(), ElementsAre("a 1 firing"));
  EXPECT_THAT(errors_.lines(),
              ElementsAre("49 alert notifications were not delivered before the stop"));
}

TEST_F(NotifierQueueTest, EachOfSeveralBlockedNotifiersIsInterrupted) {
  record_.close_gate();
  other_.close_gate();
  add(std::make_unique<RecordingNotifier>(record_, "a"));
  add(std::make_unique<RecordingNotifier>(other_, "b"));
  start(10, milliseconds(20));
  for (AlertId id = 1; id <= 3; ++id) queue_->push(to_firing(id));
  ASSERT_TRUE(record_.wait_for_lines(1));
  ASSERT_TRUE(other_.wait_for_lines(1));
  queue_.reset();
  EXPECT_THAT(errors_.lines(),
              ElementsAre("4 alert notifications were not delivered before the stop"));
}

TEST_F(NotifierQueueTest, WhenFullTheOldestGoesAndIsCounted) {
  record_.close_gate();
  add(std::make_unique<RecordingNotifier>(record_, "a"));
  start(2);
  queue_->push(to_firing(1));
  ASSERT_TRUE(record_.wait_for_lines(1));  // under way: no longer in the queue
  for (AlertId id = 2; id <= 5; ++id) queue_->push(to_firing(id));
  EXPECT_EQ(queue_->dropped(), 2U);
  record_.open_gate();
  queue_.reset();
  EXPECT_THAT(record_.lines(), ElementsAre("a 1 firing", "a 4 firing", "a 5 firing"));
}

TEST_F(NotifierQueueTest, CountsWhatWasDroppedOverAllNotifiers) {
  record_.close_gate();
  other_.close_gate();
  add(std::make_unique<RecordingNotifier>(record_, "a"));
  add(std::make_unique<RecordingNotifier>(other_, "b"));
  start(2);
  queue_->push(to_firing(1));
  ASSERT_TRUE(record_.wait_for_lines(1));
  ASSERT_TRUE(other_.wait_for_lines(1));
  for (AlertId id = 2; id <= 5; ++id) queue_->push(to_firing(id));
  EXPECT_EQ(queue_->dropped(), 4U);
  record_.open_gate();
  other_.open_gate();
}

TEST_F(NotifierQueueTest, DropsNothingWithinTheLimit) {
  add(std::make_unique<RecordingNotifier>(record_, "a"));
  start(3);
  for (AlertId id = 1; id <= 3; ++id) queue_->push(to_firing(id));
  EXPECT_EQ(queue_->dropped(), 0U);
  queue_.reset();
  EXPECT_EQ(record_.lines().size(), 3U);
}

TEST_F(NotifierQueueTest, AHangingNotifierIsAbandonedAtTheEndAndWhatIsLeftIsCounted) {
  record_.close_gate();
  add(std::make_unique<RecordingNotifier>(record_, "a"));
  start(10, milliseconds(20));
  for (AlertId id = 1; id <= 3; ++id) queue_->push(to_firing(id));
  ASSERT_TRUE(record_.wait_for_lines(1));
  queue_.reset();
  EXPECT_THAT(record_.lines(), ElementsAre("a 1 firing"));
  EXPECT_THAT(errors_.lines(),
              ElementsAre("2 alert notifications were not delivered before the stop"));
}

TEST_F(NotifierQueueTest, AHangingHookDoesNotDelayTheEnd) {
  TemporaryFolder folder;
  LifePipe life(folder);
  add(make_exec_notifier(
      {hook_script(folder, kHangsForGood, life.path()), std::chrono::seconds(60)}));
  start(10, milliseconds(20));
  const auto begin = std::chrono::steady_clock::now();
  queue_->push(to_firing());
  ASSERT_TRUE(life.wait_for_start());
  queue_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(50));
  EXPECT_THAT(errors_.lines(), ElementsAre(HasSubstr("was killed, for soakwatch stops")));
  bool ignored = false;
  EXPECT_TRUE(life.wait_for_end(ignored));
}

}  // namespace
}  // namespace soakwatch
