// Looks at the machine for `soakwatch doctor`. Reads only; what may not answer has a time-out.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "cli/doctor/facts.h"
#include "config/config.h"
#include "model/target.h"

namespace soakwatch {

// Of each thing that is asked and may stay silent.
inline constexpr std::chrono::milliseconds kProbeTimeout{2000};
// The same of the disk, which may be busy.
inline constexpr std::chrono::milliseconds kDiskTimeout{5000};

MachineFacts probe_machine();

// `config`: defaults where there is no usable file.
struct ProbedConfig {
  ConfigFacts facts;
  Config config;
};
ProbedConfig probe_config(const std::optional<std::filesystem::path>& named);

// The line, from 1, in which a key of the outermost section begins; 0 when it is not there.
int line_of_key(std::string_view yaml, std::string_view key);

StoreFacts probe_store(const std::filesystem::path& database, bool named, const Config& config);
ServiceFacts probe_services(bool is_root);
// `shown`: what `systemctl show` says of the unit, a "Key=value" a line.
UnitFacts unit_facts(bool of_user, const std::string& shown);
TargetFacts probe_target(const TargetSpec& spec, const Config& config);

// Nothing when `name` is on the bus, or can be started there; else why not. `of_user`: the
// session's bus, else the system's.
std::optional<std::string> bus_trouble(bool of_user, const char* name,
                                       std::chrono::milliseconds patience);

}  // namespace soakwatch
