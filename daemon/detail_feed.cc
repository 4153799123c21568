#include "daemon/detail_feed.h"

#include <algorithm>

namespace soakwatch {

namespace asio = boost::asio;

DetailFeed::DetailFeed(const asio::any_io_executor& executor, asio::thread_pool& workers,
                       std::shared_ptr<const ProcessReader> process, DetailFeedOptions options,
                       Workload& workload, std::function<void(const std::string&)> on_error)
    : workers_(workers),
      process_(std::move(process)),
      options_(options),
      workload_(workload),
      on_error_(std::move(on_error)),
      task_(executor, on_error_) {}

MetricValues DetailFeed::collect() {
  const Clock::time_point now = Clock::now();
  if (!task_.running() && now >= next_) {
    if (workload_.allows(Work::kDetail)) {
      task_.start(read());
    } else {
      next_ = now + options_.interval;
    }
  }
  return std::exchange(fresh_, MetricValues{});
}

asio::awaitable<void> DetailFeed::read() {
  const Clock::time_point begin = Clock::now();
  const auto work = [process = process_] { return process->read_detail(); };
  auto values = co_await run_on(workers_.get_executor(), work);
  const std::chrono::duration<double> took = Clock::now() - begin;
  const auto rest = std::chrono::duration_cast<Clock::duration>(took / options_.budget);
  next_ = begin + std::max<Clock::duration>(options_.interval, rest);
  if (values) {
    fresh_ = *values;
  } else if (values.error().kind !=
             ErrorKind::kNotFound) {  // the round sees that the process ended
    on_error_(values.error().message);
  }
}

}  // namespace soakwatch
