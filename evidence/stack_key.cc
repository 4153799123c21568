#include "evidence/stack_key.h"

#include <algorithm>

namespace soakwatch {

bool is_of_runtime(std::string_view function) { return function.starts_with("runtime."); }

std::string stack_key(std::span<const Frame> stack) {
  const bool only_runtime = std::all_of(
      stack.begin(), stack.end(), [](const Frame& frame) { return is_of_runtime(frame.function); });
  std::string key;
  for (const Frame& frame : stack) {
    if (!only_runtime && is_of_runtime(frame.function)) continue;
    if (!key.empty()) key += "; ";
    key += to_string(frame);
  }
  return key;
}

std::size_t naming_frame(std::span<const Frame> stack) {
  if (const auto own = first_own_frame(stack)) return *own;
  for (std::size_t i = stack.size(); i-- > 0;) {
    if (!stack[i].function.empty() && !is_of_runtime(stack[i].function)) return i;
  }
  return 0;
}

}  // namespace soakwatch
