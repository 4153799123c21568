// What several signals say together: which finding is the root of which, in what words, and which
// growth is no leak at all.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "detectors/course.h"
#include "model/finding.h"
#include "model/sample.h"

namespace soakwatch {

// By the name of their detector.
using Findings = std::map<std::string, Finding, std::less<>>;

// Keeps the courses of the metrics that explain others. Deterministic, bounded: a dozen kilobytes.
class Fusion {
 public:
  // `block`: of the shortest blocks of the courses; at least the beat of MemStats.
  explicit Fusion(milliseconds block);

  void observe(const Sample& sample);

  // Fills in cause, root and what was ruled out. Findings that have an innocent reason are taken
  // out of `findings` and returned as observations of `now`.
  std::vector<Observation> explain(Findings& findings, WallTime now) const;

 private:
  // What the growth of memory may consist of, and what may stand behind other growth.
  enum Part : std::uint8_t {
    kAnon,     // anonymous memory, or all that is resident where that is not known
    kGoHolds,  // Sys - HeapReleased: all that the Go runtime has from the system
    kIdle,     // HeapIdle - HeapReleased: kept by the runtime for later
    kUnused,   // HeapInuse - HeapAlloc: lost between objects
    kNative,   // anonymous memory beside what the runtime holds
    kStacks,
    kLazyFree,  // given back by the program, not yet taken by the kernel
    kHuge,
    kGoroutines,
    kThreads,
    kFds,
    kHeap,  // what it may grow to before it is collected: free of the sawtooth
    kPartCount,
  };

  [[nodiscard]] std::optional<double> growth(Part part, const Finding& finding) const;
  // Of the growth of anonymous memory; nothing where one of both is not known.
  [[nodiscard]] std::optional<double> share(Part part, const Finding& finding) const;
  // Whether `part` goes up and down with `by`.
  [[nodiscard]] bool follows(Part part, Part by, const Finding& finding) const;
  void rule_out(Finding& finding, Part part, const char* what) const;

  std::optional<std::string> innocent_reason(const Finding& memory, const Findings& findings,
                                             WallTime now) const;
  void explain_memory(Finding& memory, const Findings& findings) const;
  void explain_heap(Finding& heap, const Findings& findings) const;
  void explain_goroutines(Finding& goroutines, const Findings& findings) const;
  void explain_count(Finding& count, Part part, const char* with, const char* alone,
                     const Findings& findings) const;

  std::vector<Course> courses_;
  milliseconds now_{0};
  bool has_go_ = false;
};

}  // namespace soakwatch
