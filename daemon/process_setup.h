// What a long-running soakwatch process asks of the system for itself, once, at the start.
#pragma once

#include <vector>

namespace soakwatch {

// Raises the limit of open files to what is allowed (each target holds a few), and tells the
// allocator to make no arena per thread and to give large blocks back.
void prepare_process();

// Opens /dev/null where one of the three standard streams is closed, so that no file of ours gets
// its number and with it what is printed. First thing in main.
void open_standard_streams();

// What ends a program in order: SIGINT, SIGTERM, and SIGHUP unless it was started to ignore that
// (nohup).
std::vector<int> stop_signals();

// Whether SIGHUP means that a terminal went away, as it does for what was started in one; else it
// is the word of an administrator.
bool has_terminal();

}  // namespace soakwatch
