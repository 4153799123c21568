#include "evidence/goroutine_counts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "evidence/dump_lines.h"
#include "evidence/frame.h"
#include "evidence/goroutine_groups.h"
#include "evidence/wait_reason.h"

namespace soakwatch {
namespace {

constexpr std::int64_t kMaxGoroutines = 1'000'000'000;

// The form is runtime/pprof's: printCountProfile, printStackRecord.
class CountsReader {
 public:
  CountsReader(std::string_view text, const GoroutineDumpLimits& limits)
      : limits_(limits),
        lines_(text),
        groups_(limits.max_groups),
        park_address_(find_park_address(text)) {}

  Result<Breakdown> read() {
    std::string_view line;
    lines_.next(line);
    std::int64_t total = 0;
    if (!parse_number(line.substr(kGoroutineCountsHead.size()), total) || total < 1 ||
        total > kMaxGoroutines) {
      if (!lines_.is_whole()) return lines_.error("cut off in the first line", line);
      return lines_.error("not a number of goroutines", line);
    }
    total_ = static_cast<double>(total);
    while (lines_.next(line)) {
      const Result<void> read = read_line(line);
      if (!read && lines_.is_whole()) return read.error();
    }
    // Editors drop the empty line at the end: the last record is whole where nobody is missing.
    if (lines_.is_whole() && seen_ == total_) finish();
    return groups_.breakdown(total_, is_open_ || !lines_.is_whole() || seen_ < total_);
  }

 private:
  // What every waiting goroutine has as its first address: the call in runtime.gopark. The waits
  // of these functions are known, whatever is left out before them.
  static std::string_view find_park_address(std::string_view text) {
    constexpr std::string_view kMark = " @ ";
    for (const std::string_view known :
         {"\tinternal/poll.runtime_pollWait+0x", "\ttime.Sleep+0x",
          "\tsync.runtime_notifyListWait+0x", "\tsync.runtime_Semacquire+0x"}) {
      const std::size_t frame = text.find(known);
      const std::size_t mark = frame == text.npos ? frame : text.rfind(kMark, frame);
      if (mark == text.npos) continue;
      const std::string_view addresses = text.substr(mark + kMark.size());
      return addresses.substr(0, addresses.find_first_of(" \r\n"));
    }
    return {};
  }

  Result<void> read_line(std::string_view line) {
    if (auto ok = lines_.check_length(line, limits_.max_line_bytes); !ok) return ok;
    if (line.empty()) {
      if (lines_.is_whole()) finish();
      return {};
    }
    if (line.front() != '#') return read_head(line);
    if (!is_open_) return lines_.error("a frame without a count before it", line);
    if (line.starts_with("#\t")) return read_frame(line);
    if (line.starts_with("# labels: ")) return {};
    return lines_.error("neither a frame nor labels", line);
  }

  // "3 @ 0x48aaae 0x41afee 0x41ab12 0x6a9f5c 0x492381"
  Result<void> read_head(std::string_view line) {
    finish();
    const std::size_t space = line.find(' ');
    std::int64_t count = 0;
    if (space == line.npos || !parse_number(line.substr(0, space), count) || count < 1 ||
        count > kMaxGoroutines || !line.substr(space).starts_with(" @")) {
      return lines_.error("not a count and addresses", line);
    }
    seen_ += static_cast<double>(count);
    if (seen_ > total_) {
      return lines_.error(fmt::format("more goroutines than the {} in total", total_));
    }
    count_ = static_cast<double>(count);
    addresses_ = line.substr(space + 2);
    is_open_ = true;
    return {};
  }

  // "#\t0x6a9f5b\tmain.receive+0x1b\t\t/src/app/main.go:33"; an address alone where the function is
  // unknown.
  Result<void> read_frame(std::string_view line) {
    std::string_view rest = line.substr(2);
    const auto column = [&] {
      const std::string_view text = rest.substr(0, rest.find('\t'));
      rest.remove_prefix(text.size());
      rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of('\t')));
      return text;
    };
    const std::string_view address = column();
    std::uint64_t number = 0;
    if (!address.starts_with("0x") || !parse_number(address.substr(2), number, 16)) {
      return lines_.error("not an address", address);
    }
    if (stack_.calls.empty()) first_shown_ = number;
    if (rest.empty()) {
      stack_.add({address, {}}, limits_.max_frames);
      return {};
    }
    std::string_view function = column();
    const std::size_t offset = function.rfind("+0x");
    if (offset == function.npos || offset == 0) return lines_.error("not a function", function);
    if (!is_place(rest)) return lines_.error("not a file and its line", rest);
    stack_.add({function.substr(0, offset), rest}, limits_.max_frames);
    return {};
  }

  // How many addresses come before the first frame that is shown: those of the runtime.
  [[nodiscard]] std::optional<std::size_t> hidden_frames() const {
    std::string_view rest = addresses_;
    for (std::size_t hidden = 0; rest.starts_with(" 0x"); ++hidden) {
      rest.remove_prefix(3);
      const std::string_view text = rest.substr(0, rest.find(' '));
      std::uint64_t address = 0;
      if (!parse_number(text, address, 16)) break;
      // Shown is the address of the call, listed the one that it returns to.
      if (address == first_shown_ || address - 1 == first_shown_) return hidden;
      rest.remove_prefix(text.size());
    }
    return std::nullopt;
  }

  [[nodiscard]] std::string state() const {
    std::vector<Frame> frames;
    for (const GoroutineCall& call : stack_.calls) {
      frames.push_back({std::string(call.function), {}, 0});
      if (!is_standard_library(call.function)) break;
    }
    std::string reason = wait_reason(frames);
    if (reason != "running") return reason;
    const auto hidden = hidden_frames();
    if (hidden == 0U) return reason;
    if (!hidden || park_address_.empty()) return {};
    if (addresses_.substr(1, addresses_.find(' ', 1) - 1) != park_address_) return reason;
    // gopark, selectgo or block; gopark, chanrecv, chanrecv1 or chanrecv2, and so for chansend.
    if (*hidden == 2) return "select";
    if (*hidden == 3) return "chan receive or send";
    return {};
  }

  void finish() {
    if (!is_open_) return;
    stack_.state = state();
    groups_.add(stack_, count_, std::nullopt);
    stack_.clear();
    is_open_ = false;
  }

  GoroutineDumpLimits limits_;
  DumpLines lines_;
  GoroutineGroups groups_;
  GoroutineStack stack_;           // of the goroutine that is being read
  bool is_open_ = false;           // whether there is one
  std::string_view park_address_;  // empty: unknown
  double total_ = 0;
  double seen_ = 0;
  double count_ = 0;
  std::string_view addresses_;  // each with a space before it
  std::uint64_t first_shown_ = 0;
};

}  // namespace

Result<Breakdown> parse_goroutine_counts(std::string_view text, const GoroutineDumpLimits& limits) {
  return CountsReader(text, limits).read();
}

}  // namespace soakwatch
