// The kernel, what this process may do, and the clocks.
#include <fmt/format.h>

#include <charconv>
#include <chrono>

#include "cli/doctor/judgement.h"

namespace soakwatch {
namespace {

// A process that is watched holds about ten descriptors, its pprof connection with them.
constexpr std::uint64_t kDescriptorsPerTarget = 16;
constexpr std::uint64_t kDescriptorsOfDaemon = 64;
constexpr std::chrono::year kFirstSaneYear{2025};
constexpr std::chrono::year kLastSaneYear{2100};

DoctorLine judge_kernel(const MachineFacts& machine) {
  const std::string release = "Linux " + machine.kernel_release;
  if (!machine.has_smaps_rollup) {
    return {Health::kWarn,
            "kernel",
            release + ": no smaps_rollup (Linux 4.14), so no PSS and no memory that may be freed",
            "sudo apt-get install linux-image-amd64 && sudo reboot",
            {}};
  }
  if (parse_kernel_version(machine.kernel_release) < kFdCountBySize) {
    return {Health::kWarn,
            "kernel",
            release +
                ": smaps_rollup; descriptors are counted by listing (by size from 6.2), about 4 ms "
                "for 10,000, and not those of other users",
            "sudo apt-get install -t bookworm-backports linux-image-amd64 && sudo reboot",
            {}};
  }
  return {Health::kPass, "kernel", release + ": descriptors counted by size, smaps_rollup", {}, {}};
}

// The value of "hidepid" among the options of a mount: "0" where there is none.
std::string option_value(const std::string& options, std::string_view name) {
  std::size_t begin = 0;
  while (begin <= options.size()) {
    const std::size_t end = std::min(options.find(',', begin), options.size());
    const std::string_view option = std::string_view(options).substr(begin, end - begin);
    if (option.starts_with(name) && option.substr(name.size()).starts_with('=')) {
      return std::string(option.substr(name.size() + 1));
    }
    begin = end + 1;
  }
  return {};
}

DoctorLine judge_proc(const MachineFacts& machine) {
  if (!machine.proc_options) {
    return {Health::kFail, "proc", "no /proc is mounted", "sudo mount -t proc proc /proc", {}};
  }
  if (option_value(*machine.proc_options, "subset") == "pid") {
    return {
        Health::kFail,
        "proc",
        "/proc shows processes only (subset=pid): boot id and socket tables are missing",
        // No remount takes this option away: proc_apply_options() in fs/proc/root.c.
        "sudo mount -t proc proc /proc    # over it; for good in /etc/fstab; in a container or a "
        "service (ProcSubset=) only what starts it can mend it",
        {}};
  }
  const std::string hidepid = option_value(*machine.proc_options, "hidepid");
  if (hidepid.empty() || hidepid == "0" || hidepid == "off") {
    return {Health::kPass, "proc", "/proc hides nothing (no hidepid)", {}, {}};
  }
  if (has_capability(machine, kCapSysPtrace)) {
    return {
        Health::kPass, "proc", "hidepid=" + hidepid + ", which CAP_SYS_PTRACE overrides", {}, {}};
  }
  return {Health::kWarn,
          "proc",
          "hidepid=" + hidepid + ": processes of other users are hidden",
          "sudo mount -o remount,hidepid=0 /proc",
          {}};
}

DoctorLine judge_capabilities(const DoctorFacts& facts) {
  const MachineFacts& machine = facts.machine;
  struct Gain {
    int capability;
    std::string_view name, adds;
  };
  static constexpr Gain kGains[] = {
      {kCapPerfmon, "CAP_PERFMON", "smaps_rollup and memory maps"},
      {kCapSysPtrace, "CAP_SYS_PTRACE",
       "environment, program file and, with the next, descriptors"},
      {kCapDacReadSearch, "CAP_DAC_READ_SEARCH",
       "what descriptors lead to and pprof servers, with the one before"},
  };
  DoctorLine line{Health::kPass, "capabilities", {}, {}, {}};
  std::size_t held = 0;
  for (const Gain& gain : kGains) {
    const bool has = has_capability(machine, gain.capability);
    held += has ? 1 : 0;
    line.details.push_back(
        fmt::format("{:<8} {:<20} {}", has ? "has" : "has not", gain.name, gain.adds));
  }
  line.found = fmt::format("{} of the 3 that show more of other users' processes", held);
  const bool ptrace = has_capability(machine, kCapSysPtrace);
  const bool search = has_capability(machine, kCapDacReadSearch);
  if (ptrace != search) {
    line.health = Health::kWarn;
    line.found += "; CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH help together only";
    line.mend = deeper_command(facts);
  } else if (has_capability(machine, kCapPerfmon) && !ptrace &&
             parse_kernel_version(machine.kernel_release) < kPerfmonReadsMaps) {
    line.health = Health::kWarn;
    line.found += "; before Linux 6.15 CAP_PERFMON alone shows nothing more";
    line.mend = deeper_command(facts);
  }
  return line;
}

// Yama looks at attaching (PTRACE_MODE_ATTACH) only; /proc asks for PTRACE_MODE_READ: ptrace(2).
DoctorLine judge_ptrace_scope(const MachineFacts& machine) {
  return {Health::kPass,
          "ptrace_scope",
          machine.ptrace_scope
              ? fmt::format("{}: keeps debuggers from attaching, hinders no reading here",
                            *machine.ptrace_scope)
              : std::string("no Yama"),
          {},
          {}};
}

DoctorLine judge_clock(const MachineFacts& machine) {
  const auto day = std::chrono::floor<std::chrono::days>(machine.now.wall);
  const auto year = std::chrono::year_month_day(day).year();
  if (year < kFirstSaneYear || year > kLastSaneYear) {
    return {
        Health::kFail,
        "clock",
        fmt::format("it says the year {}: samples would get wrong times", static_cast<int>(year)),
        "sudo timedatectl set-ntp true",
        {}};
  }
  const milliseconds slept = machine.now.boottime - machine.now.monotonic;
  std::string found = format_utc(machine.now.wall);
  if (slept > seconds(1)) {
    found += "; the machine slept " + format_duration(slept) +
             " since it started: such gaps are recorded and left out";
  }
  return {Health::kPass, "clock", found, {}, {}};
}

DoctorLine judge_open_files(const DoctorFacts& facts) {
  const MachineFacts& machine = facts.machine;
  const std::uint64_t needed =
      kDescriptorsOfDaemon + kDescriptorsPerTarget * std::max<std::size_t>(facts.config.targets, 1);
  const std::string found =
      fmt::format("soft limit {}, hard limit {}", machine.soft_open_files, machine.hard_open_files);
  // soakwatchd raises its soft limit to the hard one.
  if (machine.hard_open_files < needed) {
    return {Health::kFail,
            "open files",
            fmt::format("{}; {} targets need about {}", found, facts.config.targets, needed),
            fmt::format("sudo prlimit --pid $$ --nofile={}:{}", needed * 2, needed * 2),
            {}};
  }
  if (machine.soft_open_files < needed) {
    return {Health::kWarn,
            "open files",
            fmt::format("{}; {} targets need about {}", found, facts.config.targets, needed),
            "ulimit -n hard",
            {}};
  }
  return {Health::kPass, "open files", found, {}, {}};
}

DoctorLine judge_cgroup(const MachineFacts& machine) {
  if (machine.cgroup_v2) {
    return {Health::kPass, "cgroup", "version 2: limits of memory and tasks are seen", {}, {}};
  }
  return {Health::kWarn,
          "cgroup",
          "no version 2 at /sys/fs/cgroup: limits of memory and tasks are not seen",
          "echo 'GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX systemd.unified_cgroup_hierarchy=1\"' | "
          "sudo tee /etc/default/grub.d/cgroup2.cfg && sudo update-grub && sudo reboot",
          {}};
}

}  // namespace

bool has_capability(const MachineFacts& machine, int capability) {
  return has_bit(machine.capabilities, capability);
}

KernelVersion parse_kernel_version(std::string_view release) {
  KernelVersion version;
  const char* end = release.data() + release.size();
  const auto major = std::from_chars(release.data(), end, version.major);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return {};
  const auto minor = std::from_chars(major.ptr + 1, end, version.minor);
  return minor.ec == std::errc() ? version : KernelVersion{};
}

std::vector<DoctorLine> judge_machine(const DoctorFacts& facts) {
  const MachineFacts& machine = facts.machine;
  return {judge_kernel(machine),       judge_proc(machine),  judge_capabilities(facts),
          judge_ptrace_scope(machine), judge_clock(machine), judge_open_files(facts),
          judge_cgroup(machine)};
}

}  // namespace soakwatch
