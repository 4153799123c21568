// Where things lie when nobody said so: XDG folders for a user, FHS for root as a system service.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace soakwatch {

struct Surroundings {
  std::function<std::optional<std::string>(const char*)> environment;  // getenv
  bool is_root = false;
};
Surroundings this_process();

// $XDG_STATE_HOME/soakwatch/soakwatch.db (~/.local/state/...), /var/lib/soakwatch/soakwatch.db for
// root. Reader and daemon use the same rule; $SOAKWATCH_DB wins over both. Without a usable HOME it
// is soakwatch.db in the current folder.
std::filesystem::path default_database(const Surroundings& around);
// $XDG_CONFIG_HOME/soakwatch/soakwatch.yaml (~/.config/...), /etc/soakwatch/soakwatch.yaml for
// root. It need not exist. Without a usable HOME it is soakwatch.yaml in the current folder.
std::filesystem::path default_config_file(const Surroundings& around);

// "~" and "~/..." become HOME; everything else, and all without HOME, stays as it is.
std::filesystem::path expand_home(const std::filesystem::path& path, const Surroundings& around);

}  // namespace soakwatch
