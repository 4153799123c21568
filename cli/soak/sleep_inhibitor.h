// Keeps the machine awake while a soak goes on, where systemd-logind is there to be asked.
#pragma once

#include <chrono>
#include <string>

#include "alerts/file_descriptor.h"
#include "model/result.h"

namespace soakwatch {

// Holds a lock of logind ("sleep:idle", block; org.freedesktop.login1(5)) until it is destroyed.
class SleepInhibitor {
 public:
  // Waits for `patience` at most. Error: why not, for a person; kUnavailable, kDenied, kTimeout.
  static Result<SleepInhibitor> take(const std::string& why, std::chrono::milliseconds patience);

 private:
  explicit SleepInhibitor(FileDescriptor lock) : lock_(std::move(lock)) {}
  FileDescriptor lock_;
};

}  // namespace soakwatch
