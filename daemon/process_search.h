// Finds the process of a target. Scans happen on a worker thread and serve every target that is
// searched.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <filesystem>
#include <optional>
#include <vector>

#include "collectors/procfs/process_table.h"

namespace soakwatch {

class ProcessSearch {
 public:
  // A scan is used again while it is younger than `max_age`. `workers` must outlive the last
  // find().
  ProcessSearch(boost::asio::thread_pool& workers, std::filesystem::path proc_root,
                std::chrono::milliseconds max_age);

  // As ProcessTable::find. Several may wait at the same time; they are served one after the other.
  boost::asio::awaitable<Result<std::vector<ProcessMatch>>> find(const TargetSpec& spec);

 private:
  Result<std::vector<ProcessMatch>> find_now(const TargetSpec& spec);

  boost::asio::strand<boost::asio::thread_pool::executor_type> strand_;
  std::filesystem::path proc_root_;
  std::chrono::milliseconds max_age_;
  std::optional<ProcessTable> table_;  // on the strand
  std::chrono::steady_clock::time_point scanned_;
};

}  // namespace soakwatch
