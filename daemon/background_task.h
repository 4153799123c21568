// Work of one target that goes on beside its rounds: a fetch that may be slow, a read on a worker
// thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <utility>

namespace soakwatch {

// At most one piece of work at a time. All on the executor's thread. It must be idle when
// destroyed: stop() it.
class BackgroundTask {
 public:
  // `on_error` hears what a piece of work threw.
  BackgroundTask(const boost::asio::any_io_executor& executor,
                 std::function<void(const std::string&)> on_error);

  [[nodiscard]] bool running() const { return running_; }
  // Precondition: not running.
  void start(boost::asio::awaitable<void> work);
  // Returns when idle, or at the deadline.
  boost::asio::awaitable<void> wait(std::chrono::steady_clock::time_point deadline);
  // Cancels the work, if any.
  void cancel() { cancel_.emit(boost::asio::cancellation_type::terminal); }
  // Cancels the work and waits for its end.
  boost::asio::awaitable<void> stop();

 private:
  boost::asio::any_io_executor executor_;
  std::function<void(const std::string&)> on_error_;
  boost::asio::cancellation_signal cancel_;
  boost::asio::steady_timer idle_;
  bool running_ = false;
};

// Runs `function` on another executor (a worker thread) and comes back with what it returned. Pass
// a named function object: g++ 12 destroys a temporary with captures twice when it stands in a
// co_await expression. Who is cancelled meanwhile hears of it when the function has returned: were
// the cancellation passed on, co_spawn of Boost 1.81 would throw it on the worker thread, which
// ends the program.
template <class Function>
boost::asio::awaitable<std::invoke_result_t<Function>> call(Function function) {
  co_return function();
}
template <class Executor, class Function>
boost::asio::awaitable<std::invoke_result_t<Function>> run_on(Executor executor,
                                                              Function function) {
  auto token = boost::asio::bind_cancellation_slot(boost::asio::cancellation_slot(),
                                                   boost::asio::use_awaitable);
  co_return co_await boost::asio::co_spawn(executor, call(std::move(function)), std::move(token));
}

}  // namespace soakwatch
