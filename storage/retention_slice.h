// One slice of retention: what it may do, what it has done, and how much that should be. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "model/sample.h"

namespace soakwatch {

// A slice ends with the step in which one of both is reached.
struct SliceLimit {
  int units = 0;  // rows, or steps of about as much work
  // Asked before each step, and within one that turns out to be long; empty: never.
  std::function<bool()> time_is_up{};
};

struct RetentionSlice {
  bool more = false;  // the pass goes on
  int units = 0;
  std::int64_t expired_rows = 0;
  std::vector<InstanceId> removed_instances;
  std::string notice;  // for an event: what the byte budget forced; else empty
};

// A slice under way.
class SliceWork {
 public:
  explicit SliceWork(SliceLimit limit) : limit_(std::move(limit)) {}

  [[nodiscard]] bool time_is_up() const { return limit_.time_is_up && limit_.time_is_up(); }
  [[nodiscard]] bool is_over() const { return done.units >= limit_.units || time_is_up(); }
  // Of the next step: at least 1, at most `most`.
  [[nodiscard]] int step_units(int most) const {
    return std::clamp(limit_.units - done.units, 1, most);
  }

  RetentionSlice done;

 private:
  SliceLimit limit_;
};

// How much a slice may do, learned from how long those before it took.
class SlicePace {
 public:
  // What a slice should take, its commit included: far enough below the limit of 50 ms that a slow
  // moment of the disk stays within it, too.
  static constexpr std::chrono::milliseconds kTarget{10};

  [[nodiscard]] int limit_units() const { return limit_; }
  void took(int units, std::chrono::microseconds time);

 private:
  int limit_ = 200;
};

}  // namespace soakwatch
