#include "daemon/store_watch.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <string>
#include <utility>

#include "daemon/background_task.h"
#include "daemon/clock.h"

namespace soakwatch {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds kHealthInterval{5};
constexpr std::chrono::hours kTidyInterval{1};

}  // namespace

StoreWatch::StoreWatch(Parts parts)
    : parts_(std::move(parts)),
      timer_(parts_.executor),
      writing_(parts_.logger, "the database"),
      losing_(parts_.logger, "lost") {}

asio::awaitable<void> StoreWatch::run() {
  auto next_tidy = std::chrono::steady_clock::now() + kTidyInterval;
  while (!stopping_) {
    timer_.expires_after(kHealthInterval);
    co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    report_trouble();
    if (parts_.captures == nullptr || std::chrono::steady_clock::now() < next_tidy) continue;
    next_tidy += kTidyInterval;
    co_await tidy_captures();
  }
}

void StoreWatch::stop() {
  stopping_ = true;
  timer_.cancel();
}

asio::awaitable<void> StoreWatch::tidy_captures() {
  const auto tidy = [this] {
    return parts_.captures->tidy(parts_.clock->look(read_clocks()).sure());
  };
  const auto removed = co_await run_on(parts_.workers->get_executor(), tidy);
  if (!removed) parts_.logger->warn("captures: {}", removed.error().message);
}

void StoreWatch::report_trouble() {
  const milliseconds now = read_clocks().monotonic;
  const StoreStats stats = parts_.store->stats();
  if (stats.last_error.empty()) {
    writing_.succeeded();
  } else {
    writing_.failed(stats.last_error + ", " + std::to_string(stats.queued_rows) + " rows wait",
                    now);
  }
  if (stats.replaced_files > replaced_) tell_replacement(stats);
  const std::uint64_t lost = stats.dropped_samples + stats.dropped_records + stats.rejected_rows +
                             stats.lost_rows + parts_.notifiers->dropped();
  if (lost > lost_) {
    losing_.failed(std::to_string(lost) + " rows or notifications so far", now);
  } else {
    losing_.succeeded();
  }
  lost_ = lost;
}

// A disk that breaks files is news that cannot wait until somebody reads the log.
void StoreWatch::tell_replacement(const StoreStats& stats) {
  replaced_ = stats.replaced_files;
  parts_.logger->error("{}", stats.replacement);
  parts_.notifiers->push(
      Notice{read_clocks().wall, "store_replaced", Severity::kCritical, stats.replacement});
}

}  // namespace soakwatch
