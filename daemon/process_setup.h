// What a long-running soakwatch process asks of the system for itself, once, at the start.
#pragma once

namespace soakwatch {

// Raises the limit of open files to what is allowed (each target holds a few), and keeps the
// allocator from making an arena per thread.
void prepare_process();

}  // namespace soakwatch
