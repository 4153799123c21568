#include "daemon/background_task.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/system/system_error.hpp>
#include <exception>

namespace soakwatch {

namespace asio = boost::asio;

BackgroundTask::BackgroundTask(const asio::any_io_executor& executor,
                               std::function<void(const std::string&)> on_error)
    : executor_(executor), on_error_(std::move(on_error)), idle_(executor) {}

void BackgroundTask::start(asio::awaitable<void> work) {
  running_ = true;
  idle_.expires_at(std::chrono::steady_clock::time_point::max());
  const auto finished = [this](const std::exception_ptr& error) {
    running_ = false;
    idle_.cancel();
    if (!error) return;
    try {
      std::rethrow_exception(error);
    } catch (const boost::system::system_error& e) {
      if (e.code() != asio::error::operation_aborted) on_error_(e.what());
    } catch (const std::exception& e) {
      on_error_(e.what());
    }
  };
  asio::co_spawn(executor_, std::move(work),
                 asio::bind_cancellation_slot(cancel_.slot(), finished));
}

asio::awaitable<void> BackgroundTask::wait(std::chrono::steady_clock::time_point deadline) {
  if (!running_) co_return;
  idle_.expires_at(deadline);
  co_await idle_.async_wait(asio::as_tuple(asio::use_awaitable));
}

asio::awaitable<void> BackgroundTask::stop() {
  if (!running_) co_return;
  cancel();
  co_await wait(std::chrono::steady_clock::time_point::max());
}

}  // namespace soakwatch
