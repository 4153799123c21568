#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <variant>

#include "alerts/notifier.h"

namespace soakwatch {
namespace {

// What only was pending is nobody's business.
bool is_told(const AlertTransition& transition) {
  const AlertState to = transition.alert.state;
  return transition.alert.told &&
         (to == AlertState::kFiring || to == AlertState::kPlateau || to == AlertState::kResolved);
}

using Message = std::variant<AlertTransition, Notice>;

Result<void> hand_over(Notifier& notifier, const Message& message) {
  try {
    const auto* notice = std::get_if<Notice>(&message);
    return notice != nullptr ? notifier.tell(*notice)
                             : notifier.notify(std::get<AlertTransition>(message));
  } catch (const std::exception& e) {
    return Error{ErrorKind::kIo, e.what()};
  }
}

// Tells one line at a time, whatever thread it comes from.
class ErrorTeller {
 public:
  explicit ErrorTeller(std::function<void(const std::string&)> tell) : tell_(std::move(tell)) {}
  void operator()(const std::string& what) {
    const std::lock_guard lock(mutex_);
    tell_(what);
  }

 private:
  std::mutex mutex_;
  const std::function<void(const std::string&)> tell_;
};

// One notifier with what waits for it and the thread that tells it.
class Lane {
 public:
  // `on_error` must live longer.
  Lane(std::unique_ptr<Notifier> notifier, std::size_t limit_transitions, ErrorTeller& on_error)
      : notifier_(std::move(notifier)),
        limit_transitions_(limit_transitions),
        on_error_(on_error),
        thread_([this] { run(); }) {}
  ~Lane() {
    abandon();
    thread_.join();
  }
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  void push(std::shared_ptr<const Message> message) {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= limit_transitions_) {
      waiting_.pop_front();
      ++dropped_;
    }
    waiting_.push_back(std::move(message));
    changed_.notify_all();
  }

  [[nodiscard]] std::uint64_t dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
  }

  [[nodiscard]] std::uint64_t failed() const {
    const std::lock_guard lock(mutex_);
    return failed_;
  }

  // The thread ends once nothing waits.
  void finish() {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
    changed_.notify_all();
  }

  [[nodiscard]] bool is_finished() const {
    const std::lock_guard lock(mutex_);
    return finished_;
  }

  // Until the thread has nothing more to do, or `deadline`.
  void wait_until(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, deadline, [&] { return finished_; });
  }

  // The thread ends soon. Returns how many transitions waited and are given up.
  std::size_t abandon() {
    std::unique_lock lock(mutex_);
    finishing_ = true;
    const std::size_t given_up = waiting_.size();
    waiting_.clear();
    const bool busy = !finished_;
    changed_.notify_all();
    lock.unlock();
    if (busy) notifier_->interrupt();
    return given_up;
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return finishing_ || !waiting_.empty(); });
      if (waiting_.empty()) break;
      const auto message = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      const Result<void> told = hand_over(*notifier_, *message);
      if (!told) on_error_(told.error().in(notifier_->name()).message);
      lock.lock();
      if (!told) ++failed_;
    }
    finished_ = true;
    changed_.notify_all();
  }

  const std::unique_ptr<Notifier> notifier_;
  const std::size_t limit_transitions_;
  ErrorTeller& on_error_;

  mutable std::mutex mutex_;  // guards what stands between it and the thread
  std::condition_variable changed_;
  std::deque<std::shared_ptr<const Message>> waiting_;  // shared with the other lanes
  std::uint64_t dropped_ = 0;
  std::uint64_t failed_ = 0;
  bool finishing_ = false;
  bool finished_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace

struct NotifierQueue::Impl {
  explicit Impl(std::function<void(const std::string&)> tell) : on_error(std::move(tell)) {}

  ErrorTeller on_error;
  std::chrono::milliseconds drain_limit{0};
  std::optional<std::chrono::steady_clock::time_point> deadline;
  std::vector<std::unique_ptr<Lane>> lanes;  // last: they use on_error
};

NotifierQueue::NotifierQueue(std::vector<std::unique_ptr<Notifier>> notifiers, std::size_t limit,
                             std::function<void(const std::string&)> on_error,
                             std::chrono::milliseconds drain_limit)
    : impl_(std::make_unique<Impl>(std::move(on_error))) {
  impl_->drain_limit = drain_limit;
  for (auto& notifier : notifiers) {
    impl_->lanes.push_back(std::make_unique<Lane>(
        std::move(notifier), std::max<std::size_t>(limit, 1), impl_->on_error));
  }
}

NotifierQueue::~NotifierQueue() {
  auto& lanes = impl_->lanes;
  if (!impl_->deadline) finish(std::chrono::steady_clock::now() + impl_->drain_limit);
  for (const auto& lane : lanes) lane->wait_until(*impl_->deadline);
  std::size_t undelivered = 0;
  for (const auto& lane : lanes) undelivered += lane->abandon();
  lanes.clear();  // joins; all have been interrupted by now
  if (undelivered > 0) {
    impl_->on_error(
        fmt::format("{} alert notifications were not delivered before the stop", undelivered));
  }
}

void NotifierQueue::finish(std::chrono::steady_clock::time_point deadline) {
  impl_->deadline = deadline;
  for (const auto& lane : impl_->lanes) lane->finish();
}

bool NotifierQueue::is_finished() const {
  return std::ranges::all_of(impl_->lanes, [](const auto& lane) { return lane->is_finished(); });
}

void NotifierQueue::push(const AlertTransition& transition) {
  if (!is_told(transition)) return;
  const auto shared = std::make_shared<const Message>(transition);
  for (const auto& lane : impl_->lanes) lane->push(shared);
}

void NotifierQueue::push(const Notice& notice) {
  const auto shared = std::make_shared<const Message>(notice);
  for (const auto& lane : impl_->lanes) lane->push(shared);
}

std::uint64_t NotifierQueue::dropped() const {
  std::uint64_t sum = 0;
  for (const auto& lane : impl_->lanes) sum += lane->dropped();
  return sum;
}

std::uint64_t NotifierQueue::failed() const {
  std::uint64_t sum = 0;
  for (const auto& lane : impl_->lanes) sum += lane->failed();
  return sum;
}

}  // namespace soakwatch
