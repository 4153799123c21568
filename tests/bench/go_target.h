// A real Go program with a pprof server, for as long as the object lives.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace soakwatch::bench {

class GoTarget {
 public:
  // Starts the program `leaky` of tests/targets, built into $SOAKWATCH_TARGETS or
  // build/targets. Throws std::runtime_error.
  GoTarget();
  GoTarget(const GoTarget&) = delete;
  GoTarget& operator=(const GoTarget&) = delete;
  ~GoTarget();

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  // "http://127.0.0.1:PORT/debug/pprof/"
  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  pid_t pid_ = 0;
  std::uint16_t port_ = 0;
  std::string url_;
};

}  // namespace soakwatch::bench
