// The machine that a report was made on.
#pragma once

#include <string>
#include <vector>

namespace soakwatch {

// A line each, printable: its name and kernel, its processors and memory.
std::vector<std::string> host_facts();

}  // namespace soakwatch
