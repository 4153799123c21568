#include "daemon/background_task.h"

#include <gtest/gtest.h>

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>

namespace soakwatch {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

constexpr auto kNever = Clock::time_point::max();

asio::awaitable<void> work_until(asio::steady_timer& gate, int& done) {
  co_await gate.async_wait(asio::use_awaitable);
  ++done;
}
asio::awaitable<void> failing_work() {
  throw std::runtime_error("broken");
  co_return;
}
asio::awaitable<void> wait_for(BackgroundTask& task, Clock::time_point deadline,
                               bool& running_after) {
  co_await task.wait(deadline);
  running_after = task.running();
}
asio::awaitable<void> stop(BackgroundTask& task, bool& running_after) {
  co_await task.stop();
  running_after = task.running();
}

class BackgroundTaskTest : public ::testing::Test {
 protected:
  asio::io_context context_;
  std::string error_;
  BackgroundTask task_{context_.get_executor(), [this](const std::string& what) { error_ = what; }};
  asio::steady_timer gate_{context_, kNever};
  int done_ = 0;
};

TEST_F(BackgroundTaskTest, WaitEndsWithTheWork) {
  bool running = true;
  gate_.expires_at(Clock::now());
  task_.start(work_until(gate_, done_));
  asio::co_spawn(context_, wait_for(task_, kNever, running), asio::detached);
  context_.run();
  EXPECT_EQ(done_, 1);
  EXPECT_FALSE(running);
  EXPECT_EQ(error_, "");
}

TEST_F(BackgroundTaskTest, WaitEndsAtTheDeadlineAndTheWorkGoesOn) {
  bool running = false;
  task_.start(work_until(gate_, done_));
  asio::co_spawn(context_, wait_for(task_, Clock::now(), running), asio::detached);
  while (!running) context_.run_one();
  EXPECT_EQ(done_, 0);
  gate_.expires_at(Clock::now());  // cancels the wait of the work, which ends it
  context_.run();
  EXPECT_FALSE(task_.running());
}

TEST_F(BackgroundTaskTest, StopCancelsSilently) {
  bool running = true;
  task_.start(work_until(gate_, done_));
  asio::co_spawn(context_, stop(task_, running), asio::detached);
  context_.run();
  EXPECT_FALSE(running);
  EXPECT_EQ(done_, 0);
  EXPECT_EQ(error_, "");
}

TEST_F(BackgroundTaskTest, AnErrorIsTold) {
  task_.start(failing_work());
  context_.run();
  EXPECT_EQ(error_, "broken");
  EXPECT_FALSE(task_.running());
}

asio::awaitable<void> compute(asio::thread_pool& pool, std::thread::id& where,
                              std::string& result) {
  const std::string captured = "a text that is too long for the small string buffer";
  const auto work = [captured, &where] {
    where = std::this_thread::get_id();
    return captured + "!";
  };
  result = co_await run_on(pool.get_executor(), work);
}

TEST_F(BackgroundTaskTest, RunOnGoesToAnotherThreadAndComesBack) {
  asio::thread_pool pool(1);
  std::thread::id where;
  std::string result;
  asio::co_spawn(context_, compute(pool, where, result), asio::detached);
  context_.run();
  pool.join();
  EXPECT_EQ(result, "a text that is too long for the small string buffer!");
  EXPECT_NE(where, std::this_thread::get_id());
}

asio::awaitable<void> work_on(asio::thread_pool& pool, std::promise<void>& begun,
                              std::future<void>& release) {
  const auto work = [&] {
    begun.set_value();
    release.wait();
    return 0;
  };
  co_await run_on(pool.get_executor(), work);
}

// A target that ends while a worker reads its smaps, say.
TEST_F(BackgroundTaskTest, StopWaitsForWorkOnAnotherThread) {
  asio::thread_pool pool(2);  // the second thread is free for what the cancellation does there
  std::promise<void> begun;
  std::promise<void> release;
  std::promise<void> cancelled;
  std::future<void> released = release.get_future();
  bool running = true;
  task_.start(work_on(pool, begun, released));
  context_.poll();
  begun.get_future().wait();
  asio::co_spawn(context_, stop(task_, running), asio::detached);
  context_.poll();
  asio::post(pool, [&] { cancelled.set_value(); });
  cancelled.get_future().wait();
  EXPECT_TRUE(running);
  release.set_value();
  context_.run();
  pool.join();
  EXPECT_FALSE(running);
  EXPECT_EQ(error_, "");
}

}  // namespace
}  // namespace soakwatch
