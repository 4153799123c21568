// A line on the terminal that is written over, and other lines that pass above it.
#pragma once

#include <spdlog/sinks/base_sink.h>

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

namespace soakwatch {

// On stderr. May be used from any thread.
class Console {
 public:
  // `live`: there is a terminal to draw on; else show() does nothing.
  explicit Console(bool live) : live_(live) {}
  ~Console() { clear(); }
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  [[nodiscard]] bool live() const { return live_; }
  // Columns of the terminal.
  [[nodiscard]] static std::size_t width();
  void show(std::string line);
  void clear() { show({}); }
  // `text` ends with a line end.
  void print(std::string_view text);

 private:
  std::mutex mutex_;
  bool live_;
  std::string line_;
};

// The log, told through a Console, which must outlive it.
class ConsoleSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit ConsoleSink(Console& console) : console_(console) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}

 private:
  Console& console_;
};

}  // namespace soakwatch
