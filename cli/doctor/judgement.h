// From facts to lines: what is well, what could be better, what must be mended. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "cli/doctor/facts.h"

namespace soakwatch {

enum class Health { kPass, kWarn, kFail };
std::string_view to_string(Health health);

struct DoctorLine {
  Health health = Health::kPass;
  std::string check;  // "kernel"
  std::string found;  // may hold bytes from outside: escaped when it is shown
  std::string mend;   // a command; empty when it passes
  std::vector<std::string> details;
};

std::vector<DoctorLine> judge(const DoctorFacts& facts);
bool any_fails(const std::vector<DoctorLine>& lines);

// The parts of judge(), each in a file of its own.
std::vector<DoctorLine> judge_machine(const DoctorFacts& facts);
std::vector<DoctorLine> judge_store(const DoctorFacts& facts);
std::vector<DoctorLine> judge_daemon(const DoctorFacts& facts);
std::vector<DoctorLine> judge_services(const DoctorFacts& facts);
// Of another user's target, where it is looked at with more rights than the system's service has.
std::vector<DoctorLine> judge_service_view(const DoctorFacts& facts);
// Nothing where no target was looked at.
std::vector<DoctorLine> judge_target(const DoctorFacts& facts);

// How a daemon of this version comes to write this database, for a person: that of the service
// whose database it is, else one by hand. What writes it now is ended first.
std::string start_command(const DoctorFacts& facts);
// What a service logged last.
std::string journal_command(const UnitFacts& unit);
// How the same is looked at with the rights that show more of other users' processes.
std::string deeper_command(const DoctorFacts& facts);

// linux/capability.h
inline constexpr int kCapDacReadSearch = 2;
inline constexpr int kCapSysPtrace = 19;
inline constexpr int kCapPerfmon = 38;
constexpr bool has_bit(std::uint64_t capabilities, int capability) {
  return ((capabilities >> capability) & 1U) != 0;
}
bool has_capability(const MachineFacts& machine, int capability);

struct KernelVersion {
  int major = 0;
  int minor = 0;
  friend bool operator==(const KernelVersion&, const KernelVersion&) = default;
  friend bool operator<(const KernelVersion& a, const KernelVersion& b) {
    return std::tie(a.major, a.minor) < std::tie(b.major, b.minor);
  }
};
inline constexpr KernelVersion kFdCountBySize{6, 2};  // the folder fd tells its entries as its size
inline constexpr KernelVersion kPerfmonReadsMaps{6, 15};  // docs/security.md
// 0.0 where it cannot be read.
KernelVersion parse_kernel_version(std::string_view release);

}  // namespace soakwatch
