#include "detectors/fusion.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "model/printable.h"

namespace soakwatch {
namespace {

// What accounts for so much of a growth is its reason.
constexpr double kExplains = 0.6;

constexpr const char* kGoroutineGrowth = "goroutine_growth";
constexpr const char* kHeapGrowth = "live_heap_growth";
constexpr const char* kFdGrowth = "fd_growth";
constexpr const char* kAnonGrowth = "anon_memory_growth";
constexpr const char* kNativeGrowth = "native_memory_growth";
constexpr const char* kThreadGrowth = "thread_growth";

std::string whole_percent(double share) {
  return fmt::format("{:.0f} %", 100 * std::clamp(share, -9.99, 9.99));
}

}  // namespace

Fusion::Fusion(milliseconds block) : courses_(kPartCount, Course(block)) {}

void Fusion::observe(const Sample& sample) {
  const MetricValues& v = sample.values;
  now_ = std::max(now_, sample.monotonic);
  const auto add = [&](Part part, const std::optional<double>& value) {
    if (value) courses_[part].add(sample.monotonic, *value);
  };
  const auto less = [&](Metric from, Metric what) -> std::optional<double> {
    const auto a = v.get(from);
    const auto b = v.get(what);
    if (!a || !b) return std::nullopt;
    return *a - *b;
  };
  const auto anon =
      v.has(Metric::kRssAnonBytes) ? v.get(Metric::kRssAnonBytes) : v.get(Metric::kRssBytes);
  const auto go_holds = less(Metric::kSysBytes, Metric::kHeapReleasedBytes);
  add(kAnon, anon);
  add(kGoHolds, go_holds);
  add(kIdle, less(Metric::kHeapIdleBytes, Metric::kHeapReleasedBytes));
  add(kUnused, less(Metric::kHeapInuseBytes, Metric::kHeapAllocBytes));
  if (anon && go_holds) add(kNative, *anon - *go_holds);
  add(kStacks, v.get(Metric::kStackInuseBytes));
  add(kLazyFree, v.get(Metric::kLazyFreeBytes));
  add(kHuge, v.get(Metric::kAnonHugeBytes));
  add(kGoroutines, v.get(Metric::kGoroutines));
  add(kThreads, v.get(Metric::kThreads));
  add(kFds, v.get(Metric::kOpenFds));
  add(kHeap,
      v.has(Metric::kNextGcBytes) ? v.get(Metric::kNextGcBytes) : v.get(Metric::kHeapAllocBytes));
  has_go_ = has_go_ || v.has(Metric::kHeapAllocBytes);
}

std::optional<double> Fusion::growth(Part part, const Finding& finding) const {
  const milliseconds span = std::max(finding.span, courses_[part].shortest_span());
  return courses_[part].growth(span, now_);
}

std::optional<double> Fusion::share(Part part, const Finding& finding) const {
  const auto all = growth(kAnon, finding);
  const auto of_part = growth(part, finding);
  if (!all || !of_part || *all <= 0) return std::nullopt;
  return *of_part / *all;
}

bool Fusion::follows(Part part, Part by, const Finding& finding) const {
  return courses_[part].explained_by(courses_[by], finding.span).value_or(0) >= kExplains;
}

void Fusion::rule_out(Finding& finding, Part part, const char* what) const {
  const auto of_part = share(part, finding);
  if (of_part && *of_part < kExplains) {
    finding.ruled_out.push_back(fmt::format("{}: {} of the growth", what, whole_percent(*of_part)));
  }
}

// Numbers can acquit: memory that is free already, only nobody has taken it back.
std::optional<std::string> Fusion::innocent_reason(const Finding& memory, const Findings& findings,
                                                   WallTime now) const {
  // Of what has stopped growing the latest window shows but noise; and what is innocent now does
  // not excuse what grew before.
  if (memory.phase == Phase::kPlateau) return std::nullopt;
  Finding whole = memory;
  whole.span = std::max(memory.span, now - memory.since);
  const auto explains = [&](Part part) {
    const auto latest = share(part, memory);
    return latest.value_or(0) >= kExplains && share(part, whole).value_or(*latest) >= kExplains;
  };
  if (explains(kLazyFree)) {
    return fmt::format(
        "{} of it are pages that the program has freed and the kernel has not taken "
        "back (LazyFree)",
        whole_percent(*share(kLazyFree, memory)));
  }
  if (findings.contains(kHeapGrowth) || memory.detector != kAnonGrowth) return std::nullopt;
  if (explains(kIdle)) {
    return fmt::format("{} of it is heap that is free and not yet returned to the system",
                       whole_percent(*share(kIdle, memory)));
  }
  if (explains(kUnused)) {
    return fmt::format(
        "{} of it is lost between the objects of the Go heap (fragmentation), while "
        "what is live does not grow",
        whole_percent(*share(kUnused, memory)));
  }
  return std::nullopt;
}

void Fusion::explain_memory(Finding& memory, const Findings& findings) const {
  rule_out(memory, kLazyFree, "pages freed and not yet taken back");
  auto of_go = share(kGoHolds, memory);
  if (!of_go) of_go = share(kHeap, memory);
  const auto of_native = share(kNative, memory);
  const bool is_native = memory.detector == kNativeGrowth;
  if (!has_go_ || (!of_go && !of_native && !is_native)) {
    if (memory.cause.empty()) memory.cause = "memory of the process; what holds it is not known";
    return;
  }
  rule_out(memory, kIdle, "heap that is free and not yet returned");
  rule_out(memory, kUnused, "fragmentation of the Go heap");
  if (is_native) {
    memory.cause = "memory outside the Go heap: cgo, mmap or malloc";
    rule_out(memory, kGoHolds, "memory of the Go runtime");
  } else if (of_go.value_or(0) >= kExplains && findings.contains(kHeapGrowth)) {
    memory.root = findings.at(kHeapGrowth).root.empty() ? kHeapGrowth : kGoroutineGrowth;
    memory.cause = "follows the Go heap";
  } else if (of_go.value_or(0) >= kExplains && findings.contains(kGoroutineGrowth)) {
    memory.root = kGoroutineGrowth;
    memory.cause = "stacks and objects of the goroutines that pile up";
  } else if (of_native.value_or(0) >= kExplains) {
    memory.root = findings.contains(kNativeGrowth) ? kNativeGrowth : "";
    memory.cause = "memory outside the Go heap: cgo, mmap or malloc";
  } else if (of_go.value_or(0) >= kExplains) {
    // Room for garbage, stacks, or a live heap whose own growth is not certain yet.
    memory.grade = Grade::kSuspect;
    memory.cause = "the Go runtime holds more; its live heap is not seen to grow";
  } else {
    memory.grade = Grade::kSuspect;
    memory.cause = "neither the Go heap nor what lies outside it accounts for the growth alone";
  }
  // A leak outside the heap looks the same when huge pages back it.
  if (share(kHuge, memory).value_or(0) >= kExplains && memory.root.empty()) {
    memory.grade = Grade::kSuspect;
    memory.cause += "; or huge pages, which grew as much: the numbers do not tell which";
  }
}

void Fusion::explain_heap(Finding& heap, const Findings& findings) const {
  const auto goroutines = findings.find(kGoroutineGrowth);
  if (goroutines != findings.end() && follows(kHeap, kGoroutines, heap)) {
    heap.root = kGoroutineGrowth;
    heap.cause = "held by the goroutines that pile up";
    return;
  }
  heap.cause = goroutines == findings.end()
                   ? "objects that the Go heap keeps"
                   : "objects that the Go heap keeps; goroutines pile up at the same time and may "
                     "hold them";
  const auto grown = growth(kGoroutines, heap);
  if (grown && goroutines == findings.end()) {
    heap.ruled_out.push_back(fmt::format("goroutines: {:+.0f} in the same time", *grown));
  }
}

void Fusion::explain_goroutines(Finding& goroutines, const Findings& findings) const {
  goroutines.cause = "goroutines that do not end";
  if (findings.contains(kFdGrowth) && follows(kFds, kGoroutines, goroutines)) {
    goroutines.cause += ", with open descriptors: connections or files that are not closed";
  } else if (findings.contains(kThreadGrowth) && follows(kThreads, kGoroutines, goroutines)) {
    goroutines.cause += ", each with a thread: system calls or cgo that do not return";
  }
  const auto grown = growth(kFds, goroutines);
  if (grown && !findings.contains(kFdGrowth)) {
    goroutines.ruled_out.push_back(
        fmt::format("open descriptors: {:+.0f} in the same time", *grown));
  }
}

void Fusion::explain_count(Finding& count, Part part, const char* with, const char* alone,
                           const Findings& findings) const {
  if (findings.contains(kGoroutineGrowth) && follows(part, kGoroutines, count)) {
    count.root = kGoroutineGrowth;
    count.cause = with;
    return;
  }
  count.cause = alone;
  if (findings.contains(kGoroutineGrowth)) {
    count.cause += "; goroutines pile up at the same time and may hold them";
  }
  const auto grown = growth(kGoroutines, count);
  if (grown && !findings.contains(kGoroutineGrowth)) {
    count.ruled_out.push_back(fmt::format("goroutines: {:+.0f} in the same time", *grown));
  }
}

std::vector<Observation> Fusion::explain(Findings& findings, WallTime now) const {
  std::vector<Observation> innocent;
  for (const char* detector : {kNativeGrowth, kAnonGrowth}) {
    const auto memory = findings.find(detector);
    if (memory == findings.end()) continue;
    const auto reason = innocent_reason(memory->second, findings, now);
    if (!reason) continue;
    innocent.push_back({Observation::Kind::kNoLeak, detector, memory->second.metric, now,
                        memory->second.since, memory->second.summary + "; no leak: " + *reason});
    findings.erase(memory);
  }
  for (auto& [detector, finding] : findings) {
    finding.root.clear();
    finding.ruled_out.clear();
    if (detector == kGoroutineGrowth) explain_goroutines(finding, findings);
    if (detector == kHeapGrowth) explain_heap(finding, findings);
    if (detector == kFdGrowth) {
      explain_count(finding, kFds, "held by the goroutines that pile up",
                    "descriptors that are not closed", findings);
    }
    if (detector == kThreadGrowth) {
      explain_count(finding, kThreads, "each with a goroutine that does not come back from it",
                    "threads that do not end", findings);
    }
  }
  // Last: they ask for the root of the heap.
  for (const char* detector : {kNativeGrowth, kAnonGrowth}) {
    const auto memory = findings.find(detector);
    if (memory != findings.end()) explain_memory(memory->second, findings);
  }
  return innocent;
}

}  // namespace soakwatch
