// What was typed behind `soakwatch compare`.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

#include "model/capture.h"

namespace soakwatch {

struct CompareArguments {
  std::string a;
  std::string b;
  std::optional<std::filesystem::path> database;
  std::optional<std::string> target;
  std::optional<std::filesystem::path> config;
  std::optional<std::string> warm_up;
  std::optional<CaptureKind> kind;  // only this one
  std::string sample_index;
  std::size_t nodes = 20;  // lines that are shown; 0: all
  bool top = false;
  bool json = false;
  bool fail_on_leak = false;
};

}  // namespace soakwatch
