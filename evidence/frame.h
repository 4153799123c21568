// One function on a stack, and whose code it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace soakwatch {

struct Frame {
  std::string function;   // "net/http.(*conn).serve"; as untrusted as the target
  std::string file;       // as the compiler wrote it
  std::int64_t line = 0;  // 0: unknown
};

// "/src/app/worker.go", 42 -> "worker.go:42"; empty without a file.
std::string location_of(const Frame& frame);
// "main.leak (worker.go:42)", printable.
std::string to_string(const Frame& frame);
// "main.leak" of that.
inline std::string_view function_of(std::string_view line) {
  return line.substr(0, line.rfind(" ("));
}

// Whether the function belongs to Go's runtime or its standard library. "main" and every import
// path whose first element is no directory of the standard library are a program's own, modules
// without a dot in their names too.
bool is_standard_library(std::string_view function);

// Whether it is a program's own: neither of the standard library nor a mere passage to C or to the
// system, as cgo writes one for each C function ("main._Cfunc_malloc") and as golang.org/x/sys is.
bool is_own(std::string_view function);

// The innermost frame that is the program's own: where a reader begins. `stack` begins with the
// innermost one. Nothing: none is.
std::optional<std::size_t> first_own_frame(std::span<const Frame> stack);

}  // namespace soakwatch
