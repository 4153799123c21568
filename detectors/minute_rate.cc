#include "detectors/minute_rate.h"

#include <cmath>

namespace soakwatch {
namespace {

constexpr milliseconds kMinute{60000};

std::int64_t minute_of(milliseconds time) {
  const std::int64_t minute = time / kMinute;
  return time < minute * kMinute ? minute - 1 : minute;
}

}  // namespace

std::vector<MinuteOfRate> MinuteRate::add(milliseconds monotonic, double count) {
  std::vector<MinuteOfRate> closed;
  if (!std::isfinite(count) || (last_ && monotonic <= last_->time)) return closed;
  const Reading now{monotonic, count};
  if (!last_ || count < last_->count || monotonic - last_->time > longest_pause_) {
    last_ = now;
    minute_start_.reset();
    if (minute_of(monotonic) * kMinute == monotonic) minute_start_ = now;
    return closed;
  }
  const double per_ms =
      (count - last_->count) / static_cast<double>((monotonic - last_->time).count());
  for (milliseconds end = (minute_of(last_->time) + 1) * kMinute; end <= monotonic;
       end += kMinute) {
    const Reading at{end, last_->count + per_ms * static_cast<double>((end - last_->time).count())};
    if (minute_start_) {
      const std::chrono::duration<double> length = kMinute;
      closed.push_back({minute_of(end) - 1, (at.count - minute_start_->count) / length.count()});
    }
    minute_start_ = at;
  }
  last_ = now;
  return closed;
}

}  // namespace soakwatch
