// What both users of D-Bus need: owners for its handles, and a greeting that does not wait for
// ever. For .cc files: the types are libsystemd's.
#pragma once

#include <systemd/sd-bus.h>

#include <chrono>
#include <cstdint>

namespace soakwatch {

struct CloseBus {
  void operator()(sd_bus* bus) const { sd_bus_close_unref(bus); }
};
struct FreeMessage {
  void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};

// As sd-bus takes time-outs, at least 1: 0 stands for its own of 25 s.
std::uint64_t microseconds_until(std::chrono::steady_clock::time_point end);

// Greets the bus: a call would wait for that as well, but for 90 s. Negative: the error's number,
// -ETIMEDOUT when `end` came first.
int wait_until_ready(sd_bus* bus, std::chrono::steady_clock::time_point end);

}  // namespace soakwatch
