#include "collectors/procfs/statm.h"

#include "collectors/procfs/kernel_text.h"

namespace soakwatch {

Result<ProcStatm> parse_statm(std::string_view text) {
  std::string_view line = take_line(text);
  const auto size = parse_unsigned<std::uint64_t>(take_field(line));
  const auto resident = parse_unsigned<std::uint64_t>(take_field(line));
  if (!size || !resident) return invalid("statm: does not begin with two numbers");
  return ProcStatm{*size, *resident};
}

}  // namespace soakwatch
