#include "config/paths.h"

#include <unistd.h>

#include <cstdlib>

namespace soakwatch {
namespace {

namespace fs = std::filesystem;

// The XDG base directory specification has relative values ignored.
std::optional<fs::path> absolute_from(const Surroundings& around, const char* variable) {
  const auto value = around.environment(variable);
  if (!value || value->empty() || value->front() != '/') return std::nullopt;
  return fs::path(*value);
}

std::optional<fs::path> xdg_folder(const Surroundings& around, const char* variable,
                                   const char* below_home) {
  if (auto folder = absolute_from(around, variable)) return folder;
  if (const auto home = absolute_from(around, "HOME")) return *home / below_home;
  return std::nullopt;
}

}  // namespace

Surroundings this_process() {
  return {[](const char* name) -> std::optional<std::string> {
            const char* value = std::getenv(name);
            if (value == nullptr) return std::nullopt;
            return std::string(value);
          },
          ::geteuid() == 0};
}

fs::path default_database(const Surroundings& around) {
  if (const auto chosen = around.environment("SOAKWATCH_DB"); chosen && !chosen->empty()) {
    return *chosen;
  }
  if (around.is_root) return "/var/lib/soakwatch/soakwatch.db";
  const auto folder = xdg_folder(around, "XDG_STATE_HOME", ".local/state");
  return folder ? *folder / "soakwatch/soakwatch.db" : fs::path("soakwatch.db");
}

fs::path default_config_file(const Surroundings& around) {
  if (around.is_root) return "/etc/soakwatch/soakwatch.yaml";
  const auto folder = xdg_folder(around, "XDG_CONFIG_HOME", ".config");
  return folder ? *folder / "soakwatch/soakwatch.yaml" : fs::path("soakwatch.yaml");
}

fs::path expand_home(const fs::path& path, const Surroundings& around) {
  const std::string& text = path.native();
  if (text != "~" && !text.starts_with("~/")) return path;
  const auto home = absolute_from(around, "HOME");
  if (!home) return path;
  return text.size() <= 2 ? *home : *home / text.substr(2);
}

}  // namespace soakwatch
