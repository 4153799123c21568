// The latest minutes of a series and the straight line through them.
#pragma once

#include <cstddef>
#include <deque>

namespace soakwatch::bench {

struct Line {
  double slope = 0;  // per hour
  double last = 0;   // its value at the latest minute
  double r2 = 0;
  double mean = 0;
};

class MinuteWindow {
 public:
  explicit MinuteWindow(double minutes) : minutes_(minutes) {}

  void add(double minute, double value) {
    points_.push_back({minute, value});
    while (points_.front().minute <= minute - minutes_) points_.pop_front();
  }
  // At least nine tenths of the window lie behind.
  [[nodiscard]] bool full() const {
    return points_.size() > 2 && points_.back().minute - points_.front().minute >= 0.9 * minutes_;
  }
  [[nodiscard]] std::size_t size() const { return points_.size(); }
  [[nodiscard]] Line line() const { return line_since(points_.front().minute); }
  // Through the minutes from `from` on.
  [[nodiscard]] Line line_since(double from) const;

 private:
  struct Point {
    double minute;
    double value;
  };
  double minutes_;
  std::deque<Point> points_;
};

}  // namespace soakwatch::bench
