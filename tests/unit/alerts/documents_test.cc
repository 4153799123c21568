// What docs/configuration.md promises to hooks and to readers of the JSON lines is what they get.
#include <gtest/gtest.h>

#include <array>
#include <boost/json.hpp>
#include <set>

#include "alerts/notifier.h"
#include "example_alerts.h"

namespace soakwatch {
namespace {

namespace json = boost::json;
using Names = std::set<std::string>;

// The names in the first column of the table whose first heading is `heading`; a row may give
// several, with ", " between them.
Names documented(const std::string& heading) {
  std::istringstream in(content_of(SOAKWATCH_ROOT "/docs/configuration.md"));
  Names names;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("| " + heading + " |")) {
      inside = true;
    } else if (!line.starts_with("|")) {
      inside = false;
    } else if (inside && line.starts_with("| ")) {
      std::istringstream cell(line.substr(2, line.find(" |") - 2));
      for (std::string name; std::getline(cell >> std::ws, name, ',');) {
        EXPECT_TRUE(names.insert(name).second) << name << " is described twice";
      }
    }
  }
  return names;
}

Names given_to_a_hook() {
  TemporaryFolder folder;
  const auto out = folder.path() / "environ";
  // No shell: it would add variables of its own.
  const auto hook =
      make_exec_notifier({{"cp", "/proc/self/environ", out.string()}, std::chrono::seconds(60)});
  EXPECT_TRUE(hook->notify(to_firing()));
  std::istringstream in(content_of(out));
  Names names;
  for (std::string entry; std::getline(in, entry, '\0');) {
    names.insert(entry.substr(0, entry.find('=')));
  }
  return names;
}

// "gates", "gates[].name", "limit.name": the keys of an object and of the objects in it.
Names keys_of(const json::object& object) {
  Names names;
  for (const auto& [key, value] : object) {
    std::string name(key);
    names.insert(name);
    const json::object* inside = value.if_object();
    if (value.is_array() && !value.get_array().empty()) {
      inside = value.get_array().front().if_object();
      name += "[]";
    }
    if (inside == nullptr) continue;
    for (const std::string& inner : keys_of(*inside))
      names.insert(std::string(name).append(".").append(inner));
  }
  return names;
}

TEST(AlertDocument, NamesEveryVariableOfAHookAndNoOther) {
  constexpr std::array kOfTheDaemon{
      "HOME",    "USER",           "LANG", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS",
      "DISPLAY", "WAYLAND_DISPLAY"};
  for (const char* name : kOfTheDaemon) ::setenv(name, "/nonexistent", 0);
  ::setenv("PATH", "/usr/bin:/bin", 1);
  EXPECT_EQ(documented("variable"), given_to_a_hook());
}

TEST(AlertDocument, NamesEveryJsonKeyAndNoOther) {
  EXPECT_EQ(documented("JSON key"), keys_of(json::parse(to_json(to_firing())).as_object()));
}

}  // namespace
}  // namespace soakwatch
