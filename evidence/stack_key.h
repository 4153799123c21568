// Which goroutines belong together, and after what they are named.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "evidence/frame.h"

namespace soakwatch {

// True for a function of package runtime, where goroutines are parked and woken. It is on the stack
// of a profile and of ?debug=1, but not of ?debug=2.
bool is_of_runtime(std::string_view function);

// The same for two stacks that are the same but for frames of package runtime, in whatever form
// they were captured: functions with file and line. Of a stack that has no other frames all count.
// Printable; `stack` begins with the innermost frame, and is no longer than the reader's limit.
std::string stack_key(std::span<const Frame> stack);

// The frame after which goroutines of this stack are named: the innermost one of the program's own;
// where all is the library's the function that the goroutine began with, which says more than where
// it is parked. `stack` is not empty.
std::size_t naming_frame(std::span<const Frame> stack);

}  // namespace soakwatch
