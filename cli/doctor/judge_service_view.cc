// What the system's service would miss of a target that this look sees in full: its rights are the
// unit's, and root has more.
#include <fmt/format.h>

#include "cli/doctor/judgement.h"

namespace soakwatch {
namespace {

// docs/security.md
struct Sight {
  bool descriptors = false;  // what they lead to; the environment; whose a socket is
  bool maps = false;
  bool fd_count = false;
};

Sight sight_of(std::uint64_t capabilities, KernelVersion kernel) {
  const bool ptrace = has_bit(capabilities, kCapSysPtrace);
  Sight sight;
  sight.descriptors = ptrace && has_bit(capabilities, kCapDacReadSearch);
  sight.maps = ptrace || (has_bit(capabilities, kCapPerfmon) && !(kernel < kPerfmonReadsMaps));
  sight.fd_count = sight.descriptors || !(kernel < kFdCountBySize);
  return sight;
}

bool is_installed(const UnitFacts& unit) {
  switch (unit.state) {
    case UnitFacts::State::kNoSystemctl:
    case UnitFacts::State::kNoAnswer:
    case UnitFacts::State::kNotInstalled:
      return false;
    default:
      return true;
  }
}

const UnitFacts* installed_service(const ServiceFacts& services) {
  for (const UnitFacts& unit : services.units) {
    if (!unit.of_user && is_installed(unit)) return &unit;
  }
  return nullptr;
}

}  // namespace

std::vector<DoctorLine> judge_service_view(const DoctorFacts& facts) {
  const UnitFacts* unit = installed_service(facts.services);
  if (unit == nullptr || !facts.target || !facts.target->uid) return {};
  const TargetFacts& target = *facts.target;
  if (unit->uid == target.uid) return {};
  const KernelVersion kernel = parse_kernel_version(facts.machine.kernel_release);
  const Sight ours = sight_of(facts.machine.capabilities, kernel);
  const Sight its = sight_of(unit->capabilities, kernel);
  DoctorLine line{Health::kWarn, "the service", {}, {}, {}};
  if (ours.descriptors && !its.descriptors) {
    line.details.push_back(
        "not what descriptors lead to, the environment, and a pprof server without ,pprof=URL");
  }
  if (ours.maps && !its.maps) line.details.push_back("not smaps_rollup and memory maps");
  if (ours.fd_count && !its.fd_count) {
    line.details.push_back("not the number of descriptors, which Linux before 6.2 tells nobody");
  }
  if (line.details.empty()) return {};
  const std::string name = unit->user.empty() ? "root" : unit->user;
  const bool by_port = target.spec.starts_with("port:") && !its.descriptors;
  line.found =
      by_port ? fmt::format(
                    "soakwatch.service (user {}) would not find it: it does not see whose "
                    "socket a port of another user is",
                    name)
              : fmt::format("soakwatch.service (user {}) sees less of it than this look", name);
  line.mend =
      "sudo systemctl edit soakwatch && sudo systemctl restart soakwatch    # write [Service] and "
      "the lines of level 2 of /usr/share/doc/soakwatch/examples/deeper.conf";
  return {line};
}

}  // namespace soakwatch
