#include "evidence/frame.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "model/printable.h"

namespace soakwatch {
namespace {

// First elements of the import paths of Go's standard library up to 1.26 (`go list std`), and
// "type", the package of functions that the compiler makes.
constexpr std::array kStandardRoots = std::to_array<std::string_view>(
    {"archive", "arena",   "bufio",    "builtin", "bytes",   "cmp",      "compress", "container",
     "context", "crypto",  "database", "debug",   "embed",   "encoding", "errors",   "expvar",
     "flag",    "fmt",     "go",       "hash",    "html",    "image",    "index",    "internal",
     "io",      "iter",    "log",      "maps",    "math",    "mime",     "net",      "os",
     "path",    "plugin",  "reflect",  "regexp",  "runtime", "slices",   "sort",     "strconv",
     "strings", "structs", "sync",     "syscall", "testing", "text",     "time",     "type",
     "type:",   "unicode", "unique",   "unsafe",  "vendor",  "weak"});

}  // namespace

std::string location_of(const Frame& frame) {
  if (frame.file.empty()) return {};
  const std::size_t slash = frame.file.rfind('/');
  const std::string name =
      printable(slash == std::string::npos ? frame.file : frame.file.substr(slash + 1));
  return frame.line > 0 ? fmt::format("{}:{}", name, frame.line) : name;
}

std::string to_string(const Frame& frame) {
  const std::string location = location_of(frame);
  const std::string function = printable(frame.function);
  return location.empty() ? function : fmt::format("{} ({})", function, location);
}

bool is_standard_library(std::string_view function) {
  const std::string_view root = function.substr(0, function.find_first_of("/.[("));
  // Assembler and C have no package: "gogo", "_cgo_start", "malloc".
  if (root.size() == function.size()) return true;
  return std::find(kStandardRoots.begin(), kStandardRoots.end(), root) != kStandardRoots.end();
}

bool is_own(std::string_view function) {
  if (is_standard_library(function)) return false;
  if (function.starts_with("golang.org/x/sys/")) return false;
  // cmd/cgo/out.go: what it writes in the package that calls C begins so.
  const std::size_t slash = function.rfind('/');
  const std::size_t dot = function.find('.', slash == std::string_view::npos ? 0 : slash);
  if (dot == std::string_view::npos) return true;
  const std::string_view name = function.substr(dot + 1);
  return !name.starts_with("_Cfunc_") && !name.starts_with("_C2func_") && !name.starts_with("_cgo");
}

std::optional<std::size_t> first_own_frame(std::span<const Frame> stack) {
  const auto own = std::find_if(stack.begin(), stack.end(),
                                [](const Frame& frame) { return is_own(frame.function); });
  if (own == stack.end()) return std::nullopt;
  return static_cast<std::size_t>(own - stack.begin());
}

}  // namespace soakwatch
