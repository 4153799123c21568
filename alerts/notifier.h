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

// What is wrong with the watching itself, and cannot wait until somebody looks.
struct Notice {
  WallTime time;
  std::string kind;  // "store_replaced"
  Severity severity = Severity::kCritical;
  std::string text;  // for a person
};

class Notifier {
 public:
  virtual ~Notifier() = default;
  // Tells one transition to firing, plateau or resolved. Called on one thread, which is this
  // notifier's own.
  virtual Result<void> notify(const AlertTransition& transition) = 0;
  // Tells a notice, on the same thread. Nothing where it reaches people in another way.
  virtual Result<void> tell(const Notice&) { return {}; }
  [[nodiscard]] virtual std::string name() const = 0;
  // For good: a notify() under way, and each later one, returns soon. Called on any thread. Needed
  // only where notify() may take long.
  virtual void interrupt() {}
};

// One line of JSON per transition, appended with one write to a regular file (mode 0600 when it is
// made here). The file is opened for each line, so that it may be rotated away. After a full disk a
// line may be torn; the next one starts afresh.
std::unique_ptr<Notifier> make_jsonl_notifier(std::filesystem::path file);

struct ExecHookOptions {
  std::vector<std::string> command;  // argv, no shell
  std::chrono::milliseconds timeout{10000};
};
// Runs the command (looked up in PATH) with the transition as JSON on stdin and as SOAKWATCH_* in a
// small environment; output is thrown away. After the time-out its whole process group is killed.
// Errors: kNotFound, kDenied (the program cannot be run), kTimeout, kUnavailable (interrupted),
// kIo (a status that is not 0, a signal).
std::unique_ptr<Notifier> make_exec_notifier(ExecHookOptions options);

// A line for a person, through `write`: the text of describe(). Level: the finding's severity.
std::unique_ptr<Notifier> make_log_notifier(
    std::function<void(const AlertTransition&, const std::string& text)> write);

// The JSON object of a transition, one line without its end: docs/configuration.md describes it.
// Times are ISO 8601 in UTC; a time that is absent and a number that is not finite are null; texts
// are printable and cut at 1000 bytes.
std::string to_json(const AlertTransition& transition);
// {"time": ..., "notice": kind, "severity": ..., "summary": text}
std::string to_json(const Notice& notice);
// The same as "SOAKWATCH_NAME=value", for the environment of hooks and the fields of the journal:
// docs/configuration.md has the names.
std::vector<std::string> variables_of(const AlertTransition& transition);
std::vector<std::string> variables_of(const Notice& notice);
// "FIRING warning sidecar (pid 12): goroutines grow by +240/h (54 -> 1,204 since 2026-...Z):
// goroutines that never end; behind it: main.leak (worker.go:42), chan receive; reaches ... in 2h":
// one printable line.
std::string describe(const AlertTransition& transition);

// Hands each transition to firing, plateau or resolved to each notifier, in order, where the alert
// is `told`; the others are nobody's business. Each notifier has its own queue and thread, so that
// one that fails or takes long costs the others nothing. Bounded: when a notifier's queue is full,
// its oldest goes and is counted. Failures are told to `on_error`.
class NotifierQueue {
 public:
  // `limit`: transitions that may wait for each notifier, at least 1. `on_error` must not throw nor
  // block; it is called on the notifiers' threads, one call at a time, and by the destructor when
  // something was left undelivered.
  NotifierQueue(std::vector<std::unique_ptr<Notifier>> notifiers, std::size_t limit,
                std::function<void(const std::string&)> on_error,
                std::chrono::milliseconds drain_limit = std::chrono::seconds(5));
  // Delivers what is queued, for at most `drain_limit` over all, or until the time that finish()
  // gave, then interrupts the notifiers that still work and joins.
  ~NotifierQueue();
  NotifierQueue(const NotifierQueue&) = delete;
  NotifierQueue& operator=(const NotifierQueue&) = delete;

  // Thread-safe; never waits for a notifier.
  void push(const AlertTransition& transition);
  void push(const Notice& notice);
  // Nothing more will be pushed: what is queued is delivered until `deadline`. May be said again.
  void finish(std::chrono::steady_clock::time_point deadline);
  // After finish(): all is delivered, and the destructor will not wait.
  [[nodiscard]] bool is_finished() const;
  // How many notifications, over all notifiers, went because a queue was full.
  [[nodiscard]] std::uint64_t dropped() const;
  // How many a notifier could not deliver.
  [[nodiscard]] std::uint64_t failed() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace soakwatch
