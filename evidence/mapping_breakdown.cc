#include "evidence/mapping_breakdown.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <unordered_map>
#include <utility>

#include "evidence/dump_lines.h"
#include "evidence/path_fold.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;
constexpr std::uint64_t kTiB = kMiB * kMiB;
// Go's arenas (heapArenaBytes in runtime/malloc.go) and glibc's (HEAP_MAX_SIZE in malloc/arena.c),
// on 64-bit machines.
constexpr std::uint64_t kArenaBytes = 64 * kMiB;
// Where Go's heap begins (arenaHints in runtime/malloc.go), up to where the next hint is.
constexpr std::uint64_t kGoHeapStart = 0xc0ULL << 32;
constexpr std::uint64_t kGoHeapEnd = 1 * kTiB;
// Go's page allocator reserves its summaries at the start: 585 MiB for 48-bit addresses
// (runtime/mpagealloc_64bit.go). Nothing else that is common does.
constexpr std::uint64_t kGoSummaryBytes = 512 * kMiB;
// The kernel moves the place of mappings by up to 1 TiB below the stack (arch_mmap_rnd).
constexpr std::uint64_t kMmapAreaBytes = 2 * kTiB;
// glibc's default: the stack size limit, which is 8 MiB nearly everywhere, with a guard below it.
constexpr std::uint64_t kThreadStackBytes = 8 * kMiB;
constexpr std::uint64_t kMaxGuardBytes = 64 * kKiB;

struct Naming {
  std::string key;
  std::string name;
  std::string exact;  // of a group with this path alone
  std::string state;
};

// Neighbours without a gap, all private and anonymous.
struct Run {
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  std::uint64_t reserved_bytes = 0;  // without access, and not by MAP_NORESERVE
  bool no_reserve = false;
};

bool is_anonymous(const Mapping& m) {
  return (m.name.empty() || m.name.starts_with("[anon:")) && m.permissions.ends_with('p');
}
bool is_reserved(const Mapping& m) { return m.permissions.starts_with("---"); }
std::uint64_t size_of(const Mapping& m) { return m.end - m.start; }

// What can be said of a mapping only by its neighbours.
class Layout {
 public:
  explicit Layout(const std::vector<Mapping>& mappings) : mappings_(mappings) {
    bool go_summaries = false;
    for (const Mapping& m : mappings) {
      if (m.name == "[stack]" && m.start > kMmapAreaBytes) mmap_area_ = m.start - kMmapAreaBytes;
      add_to_runs(m);
    }
    for (const Run& run : runs_) go_summaries |= run.reserved_bytes >= kGoSummaryBytes;
    if (!go_summaries) mmap_area_ = 0;
  }

  // By its fixed place up to Go 1.25. Since then it is anywhere, but far from other mappings, and
  // begins and ends with whole arenas.
  [[nodiscard]] bool in_go_heap(std::size_t i) const {
    const Mapping& m = mappings_[i];
    if (!is_anonymous(m)) return false;
    const Run& run = runs_[run_of_[i]];
    if (run.start >= kGoHeapStart && m.start < kGoHeapEnd) return true;
    return run.end < mmap_area_ && run.start % kArenaBytes == 0 && run.end % kArenaBytes == 0 &&
           !run.no_reserve;
  }

  // An arena begins at a multiple of its size and is made accessible as far as it is used: what is
  // left of it follows.
  [[nodiscard]] bool is_malloc_arena(std::size_t i) const {
    const Mapping& m = mappings_[i];
    if (!is_anonymous(m) || !m.no_reserve || !m.permissions.starts_with("rw-")) return false;
    if (m.start % kArenaBytes != 0) return false;
    const bool has_rest = i + 1 < mappings_.size() && mappings_[i + 1].start == m.end &&
                          is_anonymous(mappings_[i + 1]) && is_reserved(mappings_[i + 1]);
    const std::uint64_t end = has_rest ? mappings_[i + 1].end : m.end;
    return end % kArenaBytes == 0;
  }

  [[nodiscard]] bool is_thread_stack(std::size_t i) const {
    const Mapping& m = mappings_[i];
    if (i == 0 || !is_anonymous(m) || !m.permissions.starts_with("rw-")) return false;
    const Mapping& guard = mappings_[i - 1];
    return guard.end == m.start && is_anonymous(guard) && is_reserved(guard) &&
           size_of(guard) <= kMaxGuardBytes && size_of(m) <= kThreadStackBytes &&
           size_of(m) >= kThreadStackBytes - kMaxGuardBytes;
  }

 private:
  void add_to_runs(const Mapping& m) {
    if (runs_.empty() || runs_.back().end != m.start || !is_anonymous(m)) {
      runs_.push_back({m.start, m.end, 0, false});
    }
    Run& run = runs_.back();
    // A file is a run of its own that nothing joins.
    run.end = is_anonymous(m) ? m.end : std::numeric_limits<std::uint64_t>::max();
    if (is_reserved(m) && !m.no_reserve) run.reserved_bytes += size_of(m);
    run.no_reserve |= m.no_reserve;
    run_of_.push_back(runs_.size() - 1);
  }

  const std::vector<Mapping>& mappings_;
  std::vector<Run> runs_;
  std::vector<std::size_t> run_of_;
  std::uint64_t mmap_area_ = 0;  // begins here; 0: unknown, or not a Go program
};

Naming plain(const std::string& name) { return {name, name, {}, {}}; }
Naming go_heap() { return plain(std::string(kGoHeapMapping)); }
Naming malloc_arenas() { return plain("C heap, malloc arenas of threads"); }
Naming thread_stacks() { return plain("thread stacks"); }

// "[anon: Go: heap]" and the like: a name that the program gave by prctl (PR_SET_VMA_ANON_NAME).
Naming name_of_named(std::string_view name) {
  constexpr std::string_view kBegin = "[anon:";
  name.remove_prefix(std::min(name.size(), kBegin.size()));
  if (name.ends_with(']')) name.remove_suffix(1);
  while (name.starts_with(' ')) name.remove_prefix(1);
  if (name == "Go: heap" || name == "Go: heap reservation") return go_heap();
  if (name.starts_with("glibc: malloc arena")) return malloc_arenas();
  if (name.starts_with("glibc: pthread stack")) return thread_stacks();
  if (name.starts_with("Go: ")) return plain("Go runtime: " + fold_path(name.substr(4)));
  const std::string folded = fold_path(name);
  return {"named " + folded, "anonymous memory named " + folded, {}, {}};
}

Naming name_of_file(std::string_view name) {
  constexpr std::string_view kDeleted = " (deleted)";
  constexpr std::string_view kMemfd = "/memfd:";
  const bool deleted = name.ends_with(kDeleted);
  if (deleted) name.remove_suffix(kDeleted.size());
  if (name.starts_with("/SYSV")) return plain("System V shared memory");
  if (name == "/dev/zero" && deleted) return plain("shared anonymous memory");
  std::string what = "file ";
  if (name.starts_with(kMemfd)) {
    name.remove_prefix(kMemfd.size());
    what = "memfd ";
  }
  const std::string folded = what + fold_path(name);
  const std::string state = deleted && what == "file " ? "deleted" : "";
  return {folded + '\t' + state, folded, what + std::string(name), state};
}

Naming name_of(const Layout& layout, const std::vector<Mapping>& mappings, std::size_t i) {
  const Mapping& m = mappings[i];
  if (m.name.starts_with("[anon")) return name_of_named(m.name);
  if (m.name == "[heap]") return {"[heap]", "C heap, malloc ([heap])", {}, {}};
  if (m.name == "[stack]") return {"[stack]", "stack of the main thread", {}, {}};
  if (m.name.starts_with('[')) return plain(m.name);  // [vdso] and its like
  if (!m.name.empty()) return name_of_file(m.name);
  if (layout.in_go_heap(i)) return go_heap();
  if (layout.is_malloc_arena(i)) return malloc_arenas();
  if (layout.is_thread_stack(i)) return thread_stacks();
  if (is_reserved(m)) return plain("reserved addresses, no memory");
  if (m.permissions.find('x') != std::string::npos) return plain("anonymous code");
  return plain("anonymous memory: mmap, or large blocks of malloc");
}

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

// "7f00-7f01 rw-p 00000000 fe:00 1234      /path with blanks"; nothing: not the first line of a
// mapping.
std::optional<Mapping> parse_first_line(std::string_view line) {
  std::string_view range = take(line, ' ');
  const auto start = number_of<std::uint64_t>(take(range, '-'), 16);
  const auto end = number_of<std::uint64_t>(range, 16);
  const std::string_view permissions = take(line, ' ');
  if (!start || !end || *end < *start || permissions.size() != 4) return std::nullopt;
  for (int i = 0; i < 3; ++i) {  // offset, device, inode
    if (take(line, ' ').empty()) return std::nullopt;
  }
  Mapping mapping;
  mapping.start = *start;
  mapping.end = *end;
  mapping.permissions = permissions;
  mapping.name = line.substr(std::min(line.find_first_not_of(' '), line.size()));
  return mapping;
}

}  // namespace

Result<std::vector<Mapping>> parse_smaps(std::string_view text) {
  std::vector<Mapping> mappings;
  bool has_rss = true;
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    if (auto mapping = parse_first_line(line)) {
      if (!has_rss) break;
      // The process goes on while it is read: what was printed may be printed again as a part of a
      // mapping that it has been joined with.
      while (!mappings.empty() && mapping->start <= mappings.back().start) mappings.pop_back();
      if (mappings.size() >= kMaxMappings) {
        return Error{ErrorKind::kTooLarge, "smaps: too many mappings"};
      }
      mappings.push_back(std::move(*mapping));
      has_rss = false;
      continue;
    }
    const std::string_view key = take(line, ':');
    if (mappings.empty()) return invalid("smaps: does not begin with a mapping");
    if (key == "VmFlags") mappings.back().no_reserve = line.find(" nr") != std::string_view::npos;
    if (key != "Rss") continue;
    std::string_view value = trimmed(line);
    const auto kilobytes = number_of<std::uint64_t>(take(value, ' '), 10);
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max() / kKiB;
    if (!kilobytes || *kilobytes > kMost || value != "kB") return invalid("smaps: an Rss is wrong");
    mappings.back().rss_bytes = *kilobytes * kKiB;
    has_rss = true;
  }
  if (mappings.empty() || !has_rss || !text.empty()) {
    return invalid("smaps: cut, or a mapping without its Rss");
  }
  return mappings;
}

Breakdown mapping_breakdown(const std::vector<Mapping>& mappings, std::size_t max_groups) {
  const Layout layout(mappings);
  struct Part {
    Naming first;
    bool one_only = true;
    double count = 0;
    double bytes = 0;
  };
  std::unordered_map<std::string, Part> parts;
  Breakdown breakdown;
  breakdown.kind = CaptureKind::kMappings;
  for (std::size_t i = 0; i < mappings.size(); ++i) {
    Naming naming = name_of(layout, mappings, i);
    auto [at, is_new] = parts.try_emplace(naming.key);
    Part& part = at->second;
    if (is_new) part.first = naming;
    part.one_only = part.one_only && part.first.exact == naming.exact;
    part.count += 1;
    part.bytes += static_cast<double>(mappings[i].rss_bytes);
  }
  for (auto& [key, part] : parts) {
    const bool exact = part.one_only && !part.first.exact.empty();
    Group group;
    group.key = printable(key, kMaxGroupKeyBytes);
    group.name = printable(exact ? part.first.exact : part.first.name, kMaxGroupNameBytes);
    group.state = part.first.state;
    group.count = part.count;
    group.bytes = part.bytes;
    breakdown.total_count += part.count;
    breakdown.total_bytes += part.bytes;
    breakdown.groups.push_back(std::move(group));
  }
  std::sort(breakdown.groups.begin(), breakdown.groups.end(), [](const Group& a, const Group& b) {
    return a.bytes != b.bytes ? a.bytes > b.bytes : a.key < b.key;
  });
  if (breakdown.groups.size() > max_groups) breakdown.groups.resize(max_groups);
  return breakdown;
}

Result<Breakdown> read_mapping_breakdown(std::string_view text, std::size_t max_groups) {
  const auto mappings = parse_smaps(text);
  if (!mappings) return mappings.error();
  return mapping_breakdown(*mappings, max_groups);
}

}  // namespace soakwatch
