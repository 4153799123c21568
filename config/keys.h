// Every key of the configuration file, once: loading, checking, showing, suggestions and the test
// of docs/configuration.md all work from these tables.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/value_kinds.h"
#include "config/yaml_tree.h"

namespace soakwatch {

// One key of the struct `Owner`.
template <class Owner>
struct Key {
  std::string_view name;
  std::string_view type;
  std::string default_text;  // as YAML, or in words in angle brackets where it depends on others
  std::string limits;        // empty: none
  std::string_view help;     // one sentence with a full stop
  // Takes the value over; on a mistake `owner` keeps what it has.
  std::function<void(const YamlNode&, Owner& owner, Mistakes&)> read;
  std::function<std::string(const Owner&)> write;  // as YAML, on one line
  std::function<std::string(const Owner&)> check;  // what is out of limits; empty when fine
};

struct Section {
  std::string_view name;
  std::string_view help;
  std::vector<Key<Config>> keys;
  std::vector<Section> sections;  // within this one, after its keys
};

// In the order of the file; `targets` stands after them.
const std::vector<Section>& config_sections();

// One target of the list `targets`, as it stands in the file.
struct TargetEntry {
  std::string name;
  std::string match;
  std::vector<std::string> command;
  std::optional<std::chrono::milliseconds> interval;
  std::string pprof = "auto";
};
const std::vector<Key<TargetEntry>>& target_keys();
inline constexpr std::string_view kTargetsHelp =
    "What to watch: a list of SPECs, or of sections with the keys name, match, command, interval "
    "and pprof.";
inline constexpr std::size_t kMaxTargets = 5000;
inline constexpr DurationKind kTargetInterval{std::chrono::milliseconds(10), std::chrono::hours(1)};

// One row of the reference: what docs/configuration.md must say of a key.
struct KeyDescription {
  std::string path;  // "detection.goroutines.min_growth", "targets[].name"
  std::string_view type;
  std::string default_text;
  std::string limits;
  std::string_view help;
};
std::vector<KeyDescription> describe_keys();

}  // namespace soakwatch
