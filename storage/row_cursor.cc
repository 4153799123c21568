#include "storage/row_cursor.h"

namespace soakwatch {

void bind_value(ParameterCursor& parameters, Metric metric, std::optional<double> value) {
  const double v = value.value_or(std::numeric_limits<double>::quiet_NaN());
  const double whole = std::nearbyint(v);
  if (!is_integral(metric)) {
    parameters.real(v);
  } else if (whole >= -kInt64End && whole < kInt64End) {
    parameters.integer(static_cast<std::int64_t>(whole));
  } else {
    parameters.null();
  }
}

void bind_sample(ParameterCursor& parameters, const Sample& sample) {
  parameters.integer(sample.instance);
  parameters.time(sample.time);
  parameters.integer(sample.monotonic.count());
  for (const MetricDescriptor& metric : all_metrics())
    bind_value(parameters, metric.id, sample.values.get(metric.id));
}

Sample read_sample(ColumnCursor& columns) {
  Sample sample;
  sample.instance = columns.integer();
  sample.time = columns.time();
  sample.monotonic = milliseconds(columns.integer());
  for (const MetricDescriptor& metric : all_metrics()) {
    if (const std::optional<double> value = columns.optional_real()) {
      sample.values.set(metric.id, *value);
    }
  }
  return sample;
}

}  // namespace soakwatch
