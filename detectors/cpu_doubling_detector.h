// The processor time of a process has moved to twice its level and stays there, as when a second
// chain of timers polls the same thing. Nothing is lost for good, so this is no leak.
//
// Whether the work is done twice or there is twice the work, the numbers of a process cannot tell
// for certain: bytes allocated rise in both cases, so they are only reported. What others ask of a
// process shows in its connections and in what serves them: where open descriptors or goroutines
// rose in step with the processor time, it is load.
#pragma once

#include <cmath>
#include <optional>
#include <string>

#include "detectors/detector.h"
#include "detectors/minute_rate.h"
#include "detectors/minute_window.h"
#include "detectors/rate_shift.h"

namespace soakwatch {

struct CpuDoublingOptions {
  milliseconds warm_up{600000};  // after the first sample; left out
  // Rates in cores: processor seconds per second.
  RateShiftOptions shift;
  // Fewer goroutines or descriptors more than before are no load: a second chain of timers
  // brings a few of its own.
  double least_load_rise = 20;
};

// Its finding states rates: `base` and `current` are in cores, the slope is 0.
class CpuDoublingDetector : public Detector {
 public:
  explicit CpuDoublingDetector(const CpuDoublingOptions& options);
  std::optional<Judgement> observe(const Sample& sample) override;
  [[nodiscard]] std::string name() const override { return "cpu_doubling"; }

 private:
  // A figure beside the rate, as it was last read before each minute ended.
  struct Beside {
    Beside() : minutes(RateShift::kRecentMinutes, RateShift::kBaseMinutes) {}
    void close_minute();
    [[nodiscard]] double ratio(double least_rise) const;  // NaN: not known
    std::optional<double> latest;
    MinuteWindow minutes;
  };

  void close_minute(const MinuteOfRate& minute);
  [[nodiscard]] Finding finding(const ShiftJudgement& judgement, const Sample& sample) const;

  CpuDoublingOptions options_;
  std::optional<milliseconds> first_;
  MinuteRate cpu_;
  MinuteRate allocation_;
  RateShift shift_;
  Beside allocated_;  // bytes a second
  Beside goroutines_;
  Beside open_fds_;
  std::optional<std::int64_t> minute_;
  std::optional<ShiftJudgement> judgement_;  // of the minute that closed last
  double allocated_ratio_ = std::nan("");    // when the shift was found; NaN: not known
};

}  // namespace soakwatch
