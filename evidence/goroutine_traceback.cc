#include "evidence/goroutine_traceback.h"

#include <chrono>
#include <cstdint>
#include <optional>

#include "evidence/dump_lines.h"
#include "evidence/goroutine_groups.h"

namespace soakwatch {
namespace {

// runtime/pprof, writeGoroutineStacks: "Filled 64 MB - stop there."
constexpr std::size_t kPprofCutBytes = std::size_t{64} << 20;
constexpr std::int64_t kMaxWaitMinutes = std::int64_t{100} * 366 * 24 * 60;
constexpr std::string_view kGoroutine = "goroutine ";
constexpr auto npos = std::string_view::npos;

// The form is runtime/traceback.go's: goroutineheader, traceback2, printcreatedby.
class TracebackReader {
 public:
  TracebackReader(std::string_view text, const GoroutineDumpLimits& limits)
      : limits_(limits), lines_(text), groups_(limits.max_groups) {}

  Result<Breakdown> read(std::size_t text_bytes) {
    bool is_truncated = text_bytes == kPprofCutBytes;
    std::string_view line;
    while (lines_.next(line)) {
      const Result<void> read = read_line(line);
      if (!lines_.is_whole() && (is_open_ || line.starts_with(kGoroutine))) {
        is_truncated = true;  // within this line, which may make no sense then
      } else if (!read) {
        return read.error();
      }
    }
    is_truncated = is_truncated || wants_place_;
    if (is_open_ && is_truncated) {
      ++total_;
    } else {
      finish();
    }
    if (total_ == 0) return lines_.error("no goroutine up to here: this is no goroutine dump");
    return groups_.breakdown(total_, is_truncated);
  }

 private:
  // "goroutine 34 [", "goroutine 1 gp=0xc000002380 m=nil [".
  static bool is_head(std::string_view line) {
    if (!line.starts_with(kGoroutine)) return false;
    line.remove_prefix(kGoroutine.size());
    const std::size_t space = line.find(' ');
    if (space == npos || space == 0) return false;
    if (line.find_first_not_of("0123456789") != space) return false;
    line.remove_prefix(space + 1);
    return line.starts_with('[') || line.starts_with("gp=");
  }

  Result<void> read_line(std::string_view line) {
    const bool begins = is_head(line);
    if (begins || line.empty()) {
      if (wants_place_) return lines_.error("the function before has no place");
      finish();
      is_skipping_ = false;
      is_open_ = begins;
      if (begins) return read_head(line);
      return {};
    }
    if (is_skipping_) return {};
    if (is_open_) return read_stack_line(line);
    // The stack of a thread, in "fatal error: ..."; a goroutine's ancestors, under
    // GODEBUG=tracebackancestors.
    is_skipping_ = line == "runtime stack:" || line.starts_with("[originating from goroutine ");
    if (line.starts_with('\t') && line.find(" +0x") != npos) {
      return lines_.error("a stack without the line that begins a goroutine", line);
    }
    return {};
  }

  // "goroutine 34 [chan receive, 5 minutes, locked to thread]:"
  Result<void> read_head(std::string_view line) {
    if (auto ok = lines_.check_length(line, limits_.max_line_bytes); !ok) return ok;
    if (!line.ends_with("]:")) return lines_.error("not the first line of a goroutine", line);
    const std::size_t bracket = line.find('[');
    std::string_view rest = line.substr(bracket + 1, line.size() - bracket - 3);
    rest = rest.substr(0, rest.find(" labels:{"));
    for (bool is_first = true; !rest.empty(); is_first = false) {
      const std::size_t comma = rest.find(", ");
      std::string_view part = rest.substr(0, comma);
      rest.remove_prefix(comma == npos ? rest.size() : comma + 2);
      constexpr std::string_view kMinutes = " minutes";
      if (is_first) {
        constexpr std::string_view kScan = " (scan)";  // of the garbage collector, for an instant
        if (part.ends_with(kScan)) part.remove_suffix(kScan.size());
        stack_.state = part;
      } else if (part.ends_with(kMinutes)) {
        part.remove_suffix(kMinutes.size());
        std::int64_t minutes = 0;
        if (!parse_number(part, minutes) || minutes < 0 || minutes > kMaxWaitMinutes) {
          return lines_.error("not a number of minutes", part);
        }
        wait_ = std::chrono::minutes(minutes);
      }
    }
    return {};
  }

  Result<void> read_stack_line(std::string_view line) {
    if (auto ok = lines_.check_length(line, limits_.max_line_bytes); !ok) return ok;
    if (line.starts_with('\t')) return read_place(line.substr(1));
    if (wants_place_) return lines_.error("expected the place of the function before", line);
    constexpr std::string_view kCreated = "created by ";
    if (line.starts_with(kCreated)) {
      call_ = {line.substr(kCreated.size()), {}};
      call_.function = call_.function.substr(0, call_.function.find(" in goroutine "));
      wants_place_ = wants_creator_place_ = true;
    } else if (line.starts_with("...") && line.ends_with(" frames elided...")) {
      stack_.add_left_out();
    } else if (line.starts_with("non-Go function at pc=")) {
      stack_.add({line.substr(0, line.find(" at pc=")), {}}, limits_.max_frames);
    } else if (line.starts_with("exit status ")) {
      finish();  // a word of `go run`, close behind a panic
    } else {
      call_ = {line, {}};
      if (line.ends_with(')')) call_.function = line.substr(0, line.rfind('('));
      if (call_.function.empty()) return lines_.error("not a function", line);
      wants_place_ = true;
    }
    return {};
  }

  // "/src/app/main.go:42 +0x1d", in a crash with " fp=0x... sp=0x... pc=0x..."; without an offset
  // where the function is inlined.
  Result<void> read_place(std::string_view line) {
    if (!wants_place_) {
      if (line.starts_with("goroutine running on other thread")) return {};
      return lines_.error("a place without a function", line);
    }
    bool has_offset = false;
    for (const std::string_view mark : {" pc=0x", " sp=0x", " fp=0x", " +0x"}) {
      const std::size_t space = line.rfind(' ');
      has_offset = space != npos && line.substr(space).starts_with(mark);
      if (has_offset) line = line.substr(0, space);
    }
    if (!is_place(line)) return lines_.error("not a file and its line", line);
    call_.place = line;
    wants_place_ = false;
    if (!wants_creator_place_) {
      stack_.add(call_, limits_.max_frames);
      return {};
    }
    wants_creator_place_ = false;
    stack_.creator = call_;
    // Nothing comes after it. A last line without its end is whole where its last column has begun.
    if (lines_.is_whole() || has_offset) finish();
    return {};
  }

  void finish() {
    if (!is_open_) return;
    ++total_;
    groups_.add(stack_, 1, wait_);
    stack_.clear();
    wait_.reset();
    is_open_ = false;
  }

  GoroutineDumpLimits limits_;
  DumpLines lines_;
  GoroutineGroups groups_;
  GoroutineStack stack_;  // of the goroutine that is being read
  bool is_open_ = false;  // whether there is one
  double total_ = 0;
  std::optional<milliseconds> wait_;
  GoroutineCall call_;  // whose place comes next
  bool wants_place_ = false;
  bool wants_creator_place_ = false;
  bool is_skipping_ = false;  // up to the next empty line
};

}  // namespace

Result<Breakdown> parse_goroutine_traceback(std::string_view text,
                                            const GoroutineDumpLimits& limits) {
  return TracebackReader(text, limits).read(text.size());
}

}  // namespace soakwatch
