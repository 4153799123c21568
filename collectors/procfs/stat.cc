#include "collectors/procfs/stat.h"

#include "collectors/procfs/kernel_text.h"

namespace soakwatch {

Result<ProcStat> parse_stat(std::string_view text) {
  // The name stands in parentheses, unescaped, and may itself hold ") R 1": only the last
  // parenthesis is the kernel's.
  const std::size_t open = text.find('(');
  const std::size_t close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
    return invalid("stat: no name in parentheses");
  }
  ProcStat stat;
  stat.comm = text.substr(open + 1, close - open - 1);
  std::string_view rest = text.substr(close + 1);
  rest = take_line(rest);

  // Field numbers as in proc(5).
  const auto read = [&](int field, std::uint64_t& out) {
    const auto number = parse_unsigned<std::uint64_t>(take_field(rest));
    if (number) out = *number;
    return number ? Result<void>() : invalid("stat: field " + std::to_string(field) + " is wrong");
  };
  const auto skip = [&](int fields) {
    for (int i = 0; i < fields; ++i) take_field(rest);
  };
  const std::string_view state = take_field(rest);
  if (state.size() != 1) return invalid("stat: field 3 is wrong");
  stat.state = state.front();
  if (auto ok = read(4, stat.parent_pid); !ok) return ok.error();
  skip(4);
  std::uint64_t flags = 0;
  if (auto ok = read(9, flags); !ok) return ok.error();
  constexpr std::uint64_t kExiting = 0x4;  // PF_EXITING, include/linux/sched.h
  stat.exiting = (flags & kExiting) != 0;
  skip(2);
  if (auto ok = read(12, stat.major_faults); !ok) return ok.error();
  skip(1);
  if (auto ok = read(14, stat.user_ticks); !ok) return ok.error();
  if (auto ok = read(15, stat.system_ticks); !ok) return ok.error();
  skip(4);
  if (auto ok = read(20, stat.threads); !ok) return ok.error();
  skip(1);
  if (auto ok = read(22, stat.start_ticks); !ok) return ok.error();
  if (auto ok = read(23, stat.vsize_bytes); !ok) return ok.error();
  skip(4);
  stat.start_stack = parse_unsigned<std::uint64_t>(take_field(rest)).value_or(0);  // 28
  return stat;
}

}  // namespace soakwatch
