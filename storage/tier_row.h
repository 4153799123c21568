// The columns of `minutes` and `hours`, generated from the one table of metrics.
#pragma once

#include <string>
#include <string_view>

#include "storage/row_cursor.h"
#include "storage/tier.h"

namespace soakwatch {

// ", rss_bytes INTEGER, rss_bytes_min INTEGER, ...": for CREATE TABLE.
std::string tier_column_definitions();
// "instance_id, time_ms, last_ms, monotonic_ms, samples, rss_bytes, rss_bytes_min, ...".
std::string tier_columns();
// The figures alone, each after `before`.
std::string tier_figure_columns(std::string_view before);
int tier_column_count();

// In this order.
void bind_bucket(ParameterCursor& parameters, const TierBucket& bucket);
TierBucket read_bucket(Tier tier, ColumnCursor& columns);

}  // namespace soakwatch
