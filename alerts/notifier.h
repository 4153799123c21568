// Where alert transitions are told. Notifiers may block; the queue keeps them off the sampling
// loop.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "model/alert.h"
#include "model/result.h"

namespace soakwatch {

class Notifier {
 public:
  virtual ~Notifier() = default;
  // Tells one transition to firing or resolved. Called on the queue's thread.
  virtual Result<void> notify(const AlertTransition& transition) = 0;
  [[nodiscard]] virtual std::string name() const = 0;
};

// One line of JSON per transition, appended and flushed. The file is opened for each line, so that
// it may be rotated away.
std::unique_ptr<Notifier> make_jsonl_notifier(std::filesystem::path file);

struct ExecHookOptions {
  std::vector<std::string> command;  // argv, no shell
  std::chrono::milliseconds timeout{10000};
};
// Runs the command with the transition as JSON on stdin and as SOAKWATCH_* in the environment;
// output is thrown away. After the time-out its whole process group is killed.
std::unique_ptr<Notifier> make_exec_notifier(ExecHookOptions options);

// A line for a person, through `write` (level as in Severity, text printable).
std::unique_ptr<Notifier> make_log_notifier(
    std::function<void(const AlertTransition&, const std::string& text)> write);

// The JSON object of a transition: docs/configuration.md describes it.
std::string to_json(const AlertTransition& transition);
// "sidecar (pid 12): goroutines grow by +240/h since ...": one line.
std::string describe(const AlertTransition& transition);

// Hands each transition to each notifier, on one thread, in order. Bounded: when full, the oldest
// goes and is counted. A notifier's failure is told to `on_error` and costs the others nothing.
class NotifierQueue {
 public:
  NotifierQueue(std::vector<std::unique_ptr<Notifier>> notifiers, std::size_t limit,
                std::function<void(const std::string&)> on_error);
  ~NotifierQueue();  // delivers what is queued, for at most 5 s, then joins
  NotifierQueue(const NotifierQueue&) = delete;
  NotifierQueue& operator=(const NotifierQueue&) = delete;

  void push(const AlertTransition& transition);
  [[nodiscard]] std::uint64_t dropped() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace soakwatch
