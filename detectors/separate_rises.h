// How often a level rose for good. A pool of threads that grows once is no leak, however high: Go
// hardly ever ends a thread, so that one crowded moment stays visible for ever. A leak comes again.
#pragma once

#include <span>

namespace soakwatch {

// Counts the steps up in the minima of consecutive blocks that no later block takes back; one in
// the last block has not been seen to stay and does not count. What rises within two blocks of a
// counted rise belongs to it, so that 24 blocks hold 8 at most.
int separate_rises(std::span<const double> minima);

}  // namespace soakwatch
