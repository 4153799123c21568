// A YAML document as a plain tree with positions, and with everything refused that surprises
// people: duplicate keys, anchors, aliases, tags, a second document. yaml-cpp stays inside
// yaml_tree.cc.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "config/load_config.h"

namespace soakwatch {

// Collects mistakes up to a limit, so that a hostile file cannot fill the memory with them.
class Mistakes {
 public:
  static constexpr std::size_t kMaxMistakes = 100;
  void add(int line, int column, std::string message);
  [[nodiscard]] bool empty() const { return errors_.empty(); }
  // In the order of the file; the last one says so when some were left out.
  [[nodiscard]] std::vector<ConfigError> take();

 private:
  std::vector<ConfigError> errors_;
  std::size_t left_out_ = 0;
};

struct YamlEntry;

struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMap };
  Kind kind = Kind::kNull;
  int line = 1;  // of its first character; both count from 1, columns in bytes
  int column = 1;
  std::string text;                // kScalar: as written, quotes and folding resolved
  bool quoted = false;             // kScalar: in quotes or a block, so it is text and no number
  std::vector<YamlNode> items;     // kSequence
  std::vector<YamlEntry> entries;  // kMap

  // "a list", "a section": for messages.
  [[nodiscard]] std::string_view kind_name() const;
};

struct YamlEntry {
  YamlNode key;  // a scalar
  YamlNode value;
};

inline constexpr std::size_t kMaxConfigBytes = std::size_t{1} << 20;
inline constexpr int kMaxConfigDepthLevels = 64;

// Never throws for what `text` contains. After a syntax error the tree is empty: what stands behind
// it cannot be trusted. An empty document is a kNull node.
YamlNode parse_yaml(std::string_view text, Mistakes& mistakes);

}  // namespace soakwatch
