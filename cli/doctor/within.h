// For what a network mount that is dead may hold up for ever.
#pragma once

#include <chrono>
#include <future>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>

namespace soakwatch {

// What `function` returns, or nothing when it has not returned after `patience`. It runs on a
// thread of its own, which is then left behind: nobody can end a thread that waits in the kernel
// but the end of the process. So it must own all that it uses. What it throws is thrown here.
template <class Function>
std::optional<std::invoke_result_t<Function>> within(std::chrono::milliseconds patience,
                                                     Function function) {
  std::packaged_task<std::invoke_result_t<Function>()> task(std::move(function));
  auto done = task.get_future();
  std::thread(std::move(task)).detach();
  if (done.wait_for(patience) != std::future_status::ready) return std::nullopt;
  return done.get();
}

}  // namespace soakwatch
