// What the user asked to watch. A process that fits is an *instance* of the target; after a restart
// the target is the same and the instance is a new one.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace soakwatch {

enum class TargetKind : std::uint8_t {
  kPid,      // value: the number
  kName,     // value: comm, or the file name of argv[0]
  kPort,     // value: a TCP port that the process listens on
  kCmdline,  // value: an extended regular expression searched in the joined arguments
  kUnit,     // value: a systemd unit, "NAME.service"
  kCgroup,   // value: a cgroup path, "/user.slice/..."
  kCommand,  // no value: `command` is started as a child and watched
};

// The name under which the daemon watches itself.
inline constexpr std::string_view kSelfTargetName = "soakwatchd";

enum class PprofMode : std::uint8_t {
  kAuto,  // looked for among the target's own listening TCP sockets
  kOff,
  kUrl,  // given: http://HOST:PORT[/PATH] or unix:/PATH/TO/SOCKET
};

struct TargetSpec {
  TargetKind kind = TargetKind::kName;
  std::string value;
  std::vector<std::string> command;  // kCommand only: argv, not a shell line
  PprofMode pprof = PprofMode::kAuto;
  std::string pprof_url;  // kUrl only

  friend bool operator==(const TargetSpec&, const TargetSpec&) = default;
};

struct Target {
  std::string name;  // unique; what the user calls it, else derived from the spec
  TargetSpec spec;
  std::chrono::milliseconds interval{5000};
};

// The spec as the user would write it: "name:sidecar,pprof=http://127.0.0.1:6060".
std::string to_string(const TargetSpec& spec);

}  // namespace soakwatch
