// From Config to the options of each class. The one place that knows both.
#pragma once

#include "alerts/alert_tracker.h"
#include "collectors/http/http_client.h"
#include "config/config.h"
#include "daemon/evidence_feed.h"
#include "detectors/growth_detector.h"
#include "evidence/field_rules.h"
#include "storage/sample_store.h"

namespace soakwatch {

DetectionOptions detection_options(const Config& config, const Target& target);
HttpLimits http_limits(const PprofConfig& config);
EvidenceOptions evidence_options(const Config& config, const Target& target, TargetId target_id,
                                 InstanceId instance, bool final_captures);
FieldRuleOptions field_rule_options(const FieldRulesConfig& config);
CaptureOptions capture_options(const Config& config);
// Of one capture: a profile of a hundred thousand goroutines takes longer than a page.
HttpLimits capture_limits(const PprofConfig& config);
AlertOptions alert_options(const AlertConfig& config);
// Without a clock for retention, which then does nothing.
StoreOptions store_options(const StorageConfig& config);

}  // namespace soakwatch
