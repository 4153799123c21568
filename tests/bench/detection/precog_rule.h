// A rule after Precog with maximum filter: Jindal et al., Online Memory Leak Detection in the
// Cloud-based Infrastructures (arXiv:2101.09799), with its published parameters: medians of five
// minutes, smoothed over an hour; change points where a difference has a modified z-score
// above 3.5; a trend is a line from a change point to now over at least six hours with R2 of 0.8 or
// more; it alarms when it reaches the limit within seven days and, against what was seen before, is
// steeper and higher.
//
// "Like", because the original is trained on a past series and then asked about the present one.
// Here what lies before the trend is the past. Its lower bound of 40 % of the limit is left out: a
// process is not a machine.
#pragma once

#include <deque>
#include <vector>

namespace soakwatch::bench {

class PrecogRule {
 public:
  explicit PrecogRule(double limit) : limit_(limit) {}
  bool judge(double minute, double value);

 private:
  struct Trend {
    bool found = false;
    double slope = 0;  // per five minutes
    std::size_t from = 0;
  };
  void close_block();
  [[nodiscard]] Trend strongest_trend() const;
  [[nodiscard]] bool above_the_past(std::size_t from) const;

  double limit_;
  double block_ = -1;             // number of the open block
  std::vector<double> open_;      // its minutes
  std::deque<double> latest_;     // medians of the last hour, unsmoothed
  std::vector<double> smoothed_;  // one per block, a week at most
  double steepest_before_ = 0;
  bool on_ = false;
};

}  // namespace soakwatch::bench
