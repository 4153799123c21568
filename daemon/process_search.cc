#include "daemon/process_search.h"

#include <unistd.h>

#include "daemon/background_task.h"

namespace soakwatch {

namespace asio = boost::asio;

ProcessSearch::ProcessSearch(asio::thread_pool& workers, std::filesystem::path proc_root,
                             std::chrono::milliseconds max_age)
    : strand_(asio::make_strand(workers)), proc_root_(std::move(proc_root)), max_age_(max_age) {}

asio::awaitable<Result<std::vector<ProcessMatch>>> ProcessSearch::find(const TargetSpec& spec) {
  const auto work = [this, spec] { return find_now(spec); };
  co_return co_await run_on(strand_, work);
}

Result<std::vector<ProcessMatch>> ProcessSearch::find_now(const TargetSpec& spec) {
  const auto now = std::chrono::steady_clock::now();
  if (!table_ || now - scanned_ >= max_age_) {
    auto scanned = ProcessTable::scan(proc_root_);
    if (!scanned) return scanned.error();
    table_ = std::move(*scanned);
    scanned_ = now;
  }
  return table_->find(spec, getpid());
}

}  // namespace soakwatch
