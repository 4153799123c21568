#include "tests/bench/detection/baselines.h"

#include <cmath>
#include <deque>
#include <map>
#include <optional>

#include "tests/bench/detection/minute_window.h"
#include "tests/bench/detection/precog_rule.h"

namespace soakwatch::bench {
namespace {

// Makes means of minutes for a rule that judges once a minute.
class MinuteRule : public Judge {
 public:
  explicit MinuteRule(const Series& series) : metric_(series.watched) {}

  bool observe(const Sample& sample) final {
    const auto value = sample.values.get(metric_);
    if (!value) return on_;
    const auto minute = std::chrono::floor<std::chrono::minutes>(sample.monotonic).count();
    if (count_ > 0 && minute != minute_) {
      on_ = judge(static_cast<double>(minute_), sum_ / count_);
      sum_ = 0;
      count_ = 0;
    }
    minute_ = minute;
    sum_ += *value;
    ++count_;
    return on_;
  }

 private:
  virtual bool judge(double minute, double value) = 0;

  Metric metric_;
  std::int64_t minute_ = 0;
  double sum_ = 0;
  int count_ = 0;
  bool on_ = false;
};

// Mann, Econometrica 13 (1945); Kendall, Rank Correlation Methods (1975): S = sum of sgn(xj - xi)
// over i < j, Var S = (n(n-1)(2n+5) - sum over ties t(t-1)(2t+5)) / 18, Z = (S - 1) / sqrt(Var S).
// One-sided: only growth alarms.
class MannKendall : public MinuteRule {
 public:
  MannKendall(const Series& series, std::size_t minutes, double z)
      : MinuteRule(series), minutes_(minutes), z_(z) {}

 private:
  static double ties(double t) { return t * (t - 1) * (2 * t + 5); }
  static int sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }

  void count(double value, int by) {
    double& n = equal_[value];
    tied_ -= ties(n);
    n += by;
    tied_ += ties(n);
    if (n == 0) equal_.erase(value);
  }
  bool judge(double /*minute*/, double value) override {
    for (const double earlier : values_) s_ += sign(value - earlier);
    values_.push_back(value);
    count(value, 1);
    if (values_.size() > minutes_) {
      const double oldest = values_.front();
      values_.pop_front();
      for (const double later : values_) s_ -= sign(later - oldest);
      count(oldest, -1);
    }
    if (values_.size() < minutes_) return false;
    const auto n = static_cast<double>(values_.size());
    const double variance = (n * (n - 1) * (2 * n + 5) - tied_) / 18;
    return variance > 0 && (static_cast<double>(s_) - 1) / std::sqrt(variance) > z_;
  }

  std::size_t minutes_;
  double z_;
  std::deque<double> values_;
  std::map<double, double> equal_;
  double tied_ = 0;
  std::int64_t s_ = 0;
};

// "Growing in a straight line": least squares over six hours, R2 above 0.8. The figure is that of
// Jindal et al., Memory Leak Detection Algorithms in the Cloud-based Infrastructure
// (arXiv:2106.08938), for linear backward regression.
class StraightLine : public MinuteRule {
 public:
  explicit StraightLine(const Series& series) : MinuteRule(series) {}

 private:
  bool judge(double minute, double value) override {
    window_.add(minute, value);
    if (!window_.full()) return false;
    const Line line = window_.line();
    return line.slope > 0 && line.r2 > 0.8;
  }
  MinuteWindow window_{360};
};

// "More than 10 % an hour": least squares over the last hour. Coroot's rule up to version 1.13
// (auditor/memory.go, check MemoryLeakPercent, default threshold 10).
class TenPercent : public MinuteRule {
 public:
  explicit TenPercent(const Series& series) : MinuteRule(series) {}

 private:
  bool judge(double minute, double value) override {
    window_.add(minute, value);
    if (!window_.full()) return false;
    const Line line = window_.line();
    const double hour_ago = line.last - line.slope;
    return hour_ago > 0 && line.slope > 0.1 * hour_ago;
  }
  MinuteWindow window_{60};
};

// Coroot's present rule (https://docs.coroot.com/inspections/memory, "Memory leak"): a line through
// the run since the last drop by half; its slope above 10 % an hour; the last quarter (at least
// 15 minutes) climbs at a comparable rate; the growth an hour is at least 5 % of the limit, or
// 50 MB without one; the run covers a third of the window. Our reading of what the text leaves
// open: a window of six hours, and comparable means half. A count has no 50 MB: there the share of
// the limit holds.
class Coroot : public MinuteRule {
 public:
  explicit Coroot(const Series& series)
      : MinuteRule(series),
        floor_(describe(series.watched).unit == Unit::kBytes ? 50.0 * 1024 * 1024
                                                             : 0.05 * series.limit) {}

 private:
  static constexpr double kWindow = 360;
  bool judge(double minute, double value) override {
    if (!last_ || value < 0.5 * *last_) run_from_ = minute;
    last_ = value;
    window_.add(minute, value);
    const double from = std::max(run_from_, minute - kWindow);
    const double run = minute - from;
    if (run < kWindow / 3) return false;
    const Line line = window_.line_since(from);
    const double hour_ago = line.last - line.slope;
    if (line.slope <= 0 || line.slope < floor_ || line.slope < 0.1 * hour_ago) return false;
    const Line late = window_.line_since(minute - std::max(15.0, run / 4));
    return late.slope >= 0.5 * line.slope;
  }
  double floor_;
  MinuteWindow window_{kWindow};
  std::optional<double> last_;
  double run_from_ = 0;
};

// predict_linear(watched[1h], 4*3600) > limit, the usual alert on a disk or memory that fills
// (https://prometheus.io/docs/prometheus/latest/querying/functions/#predict_linear).
class PredictLinear : public MinuteRule {
 public:
  explicit PredictLinear(const Series& series) : MinuteRule(series), limit_(series.limit) {}

 private:
  bool judge(double minute, double value) override {
    window_.add(minute, value);
    if (!window_.full()) return false;
    const Line line = window_.line();
    return line.last + 4 * line.slope > limit_;
  }
  double limit_;
  MinuteWindow window_{60};
};

// holmes (https://github.com/mosn/holmes, README and matchRule): at or above the average of the
// last ten samples by 25 %, five seconds apart. Its lower and upper bounds are shares of the
// machine and are left out.
class Holmes : public Judge {
 public:
  explicit Holmes(const Series& series) : metric_(series.watched) {}
  bool observe(const Sample& sample) override {
    const auto value = sample.values.get(metric_);
    if (!value) return on_;
    on_ = latest_.size() == 10 && *value >= 1.25 * sum_ / 10;
    latest_.push_back(*value);
    sum_ += *value;
    if (latest_.size() > 10) {
      sum_ -= latest_.front();
      latest_.pop_front();
    }
    return on_;
  }

 private:
  Metric metric_;
  std::deque<double> latest_;
  double sum_ = 0;
  bool on_ = false;
};

class Precog : public MinuteRule {
 public:
  explicit Precog(const Series& series) : MinuteRule(series), rule_(series.limit) {}

 private:
  bool judge(double minute, double value) override { return rule_.judge(minute, value); }
  PrecogRule rule_;
};

template <class Rule>
std::unique_ptr<Judge> make(const Series& series) {
  return std::make_unique<Rule>(series);
}
// One-sided points of the normal distribution: 5 % and 0.1 %.
std::unique_ptr<Judge> mann_kendall_2h(const Series& series) {
  return std::make_unique<MannKendall>(series, 120, 1.645);
}
std::unique_ptr<Judge> mann_kendall_6h(const Series& series) {
  return std::make_unique<MannKendall>(series, 360, 3.090);
}

}  // namespace

std::vector<JudgeKind> baselines() {
  return {{"mk_2h", mann_kendall_2h},  {"mk_6h", mann_kendall_6h}, {"r2_6h", make<StraightLine>},
          {"10%/h", make<TenPercent>}, {"coroot", make<Coroot>},   {"predict", make<PredictLinear>},
          {"holmes", make<Holmes>},    {"precog", make<Precog>}};
}

}  // namespace soakwatch::bench
