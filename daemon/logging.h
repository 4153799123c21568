// The log on stderr: text for people, or one JSON object a line for machines. Where stderr is the
// journal, each line begins with its priority, <4> for a warning, which the journal takes off and
// keeps as a field; the time is left out of text, as the journal has it.
#pragma once

#include <spdlog/spdlog.h>

#include <memory>
#include <string>

#include "config/config.h"
#include "model/timestamp.h"

namespace soakwatch {

using Logger = std::shared_ptr<spdlog::logger>;

enum class LogPlace { kPlain, kJournal };
// The journal where $JOURNAL_STREAM names the very file that stderr is.
LogPlace place_of_stderr();

// Throws std::invalid_argument for an unknown level.
Logger make_logger(const LogConfig& config, LogPlace place = place_of_stderr());

// One failure that lasts gives one line when it begins, one when it ends, and one each ten minutes
// between.
class FailureLog {
 public:
  // Level warning. `what` ends up in front of the message: "sidecar: pprof".
  FailureLog(Logger logger, std::string what);
  void failed(const std::string& message, milliseconds monotonic);
  void succeeded();
  [[nodiscard]] int failures_in_a_row() const { return in_a_row_; }

 private:
  Logger logger_;
  std::string what_;
  int in_a_row_ = 0;
  bool told_ = false;  // of the failures in a row
  milliseconds last_line_{0};
  int told_begins_ = 0;  // since first_begin_
  milliseconds first_begin_{0};
};

}  // namespace soakwatch
