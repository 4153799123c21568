#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "alerts/notifier.h"

namespace soakwatch {
namespace {

bool is_told(const AlertTransition& transition) {
  const AlertState to = transition.alert.state;
  return (transition.from == AlertState::kPending && to == AlertState::kFiring) ||
         (transition.from == AlertState::kFiring && to == AlertState::kResolved);
}

Result<void> notify(Notifier& notifier, const AlertTransition& transition) {
  try {
    return notifier.notify(transition);
  } catch (const std::exception& e) {
    return Error{ErrorKind::kIo, e.what()};
  }
}

}  // namespace

struct NotifierQueue::Impl {
  Impl(std::vector<std::unique_ptr<Notifier>> to, std::size_t limit_transitions,
       std::function<void(const std::string&)> tell_error, std::chrono::milliseconds drain)
      : notifiers(std::move(to)),
        limit(std::max<std::size_t>(limit_transitions, 1)),
        on_error(std::move(tell_error)),
        drain_limit(drain),
        thread([this] { run(); }) {}

  const std::vector<std::unique_ptr<Notifier>> notifiers;
  const std::size_t limit;
  const std::function<void(const std::string&)> on_error;
  const std::chrono::milliseconds drain_limit;

  std::mutex mutex;  // guards what stands between it and the thread
  std::condition_variable changed;
  std::deque<AlertTransition> waiting;
  std::uint64_t dropped = 0;
  bool stopping = false;   // ends when nothing waits
  bool abandoned = false;  // ends now
  bool finished = false;
  std::uint64_t undelivered = 0;
  std::thread thread;  // last: it uses all of the above

  void run() {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [&] { return stopping || !waiting.empty(); });
      if (waiting.empty()) break;
      const AlertTransition transition = std::move(waiting.front());
      waiting.pop_front();
      for (const auto& notifier : notifiers) {
        if (abandoned) {
          ++undelivered;
          break;
        }
        lock.unlock();
        const Result<void> told = notify(*notifier, transition);
        if (!told) on_error(told.error().in(notifier->name()).message);
        lock.lock();
      }
    }
    finished = true;
    changed.notify_all();
  }

  void stop() {
    std::unique_lock lock(mutex);
    stopping = true;
    changed.notify_all();
    abandoned = !changed.wait_for(lock, drain_limit, [&] { return finished; });
    const bool interrupt = abandoned;
    if (interrupt) {
      undelivered = waiting.size();
      waiting.clear();
    }
    lock.unlock();
    if (interrupt) {
      for (const auto& notifier : notifiers) notifier->interrupt();
    }
    thread.join();
    if (undelivered > 0) {
      on_error(
          fmt::format("{} alert notifications were not delivered before the stop", undelivered));
    }
  }
};

NotifierQueue::NotifierQueue(std::vector<std::unique_ptr<Notifier>> notifiers, std::size_t limit,
                             std::function<void(const std::string&)> on_error,
                             std::chrono::milliseconds drain_limit)
    : impl_(std::make_unique<Impl>(std::move(notifiers), limit, std::move(on_error), drain_limit)) {
}

NotifierQueue::~NotifierQueue() { impl_->stop(); }

void NotifierQueue::push(const AlertTransition& transition) {
  if (!is_told(transition)) return;
  const std::lock_guard lock(impl_->mutex);
  if (impl_->waiting.size() >= impl_->limit) {
    impl_->waiting.pop_front();
    ++impl_->dropped;
  }
  impl_->waiting.push_back(transition);
  impl_->changed.notify_all();
}

std::uint64_t NotifierQueue::dropped() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->dropped;
}

}  // namespace soakwatch
