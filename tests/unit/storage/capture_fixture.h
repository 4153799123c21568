// A store of captures with a target and an instance, and captures to put into it.
#pragma once

#include <memory>
#include <set>

#include "storage/capture_folder.h"
#include "storage/capture_store.h"
#include "store_fixture.h"

namespace soakwatch {

using std::chrono::hours;
using std::chrono::minutes;

inline constexpr std::int64_t kBlock = 4096;

class CaptureStoreTest : public StoreTest {
 protected:
  CaptureStoreTest() { capture_options_.min_free_bytes = 0; }

  // A store with a target and an instance.
  void start() {
    store_ = open();
    target_ = store_->target_id("sidecar", {}, kNow);
    instance_ = store_->instance_id(target_, process(1), kNow).id;
    ASSERT_TRUE(store_->flush(kFlushTimeout));
    captures_ = CaptureStore::open(*store_, capture_options_, kNow).value();
  }
  void stop() {
    captures_.reset();
    store_.reset();
  }
  void restart(WallTime now = kNow) {
    stop();
    store_ = open();
    captures_ = CaptureStore::open(*store_, capture_options_, now).value();
    ASSERT_TRUE(store_->flush(kFlushTimeout));
  }
  Capture taken(CaptureReason reason, WallTime time) const {
    Capture capture;
    capture.target = target_;
    capture.instance = instance_;
    capture.reason = reason;
    capture.time = time;
    return capture;
  }
  Result<Capture> add(const Capture& capture, const std::string& content = "content") {
    return captures_->add(capture, content, "pb.gz");
  }
  AlertId open_alert(WallTime since) {
    Alert alert;
    alert.id = store_->next_alert_id();
    alert.target = target_;
    alert.instance = instance_;
    alert.state = AlertState::kFiring;
    alert.finding.since = since;
    store_->add_alert_transition({alert, AlertState::kPending, kNow, ""});
    return alert.id;
  }
  std::vector<Capture> stored(const CaptureQuery& query = {}) {
    if (!store_->flush(kFlushTimeout)) throw std::runtime_error("flush");
    return reader().captures(query).value();
  }
  std::set<CaptureId> stored_ids() {
    std::set<CaptureId> ids;
    for (const Capture& capture : stored()) ids.insert(capture.id);
    return ids;
  }
  std::filesystem::path folder() const { return captures_folder(options_.database); }
  std::set<std::string> files() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder())) {
      names.insert(entry.path().filename());
    }
    return names;
  }
  std::string read(const Capture& capture) const {
    return read_capture_file(options_.database, capture, 1000000).value();
  }

  CaptureOptions capture_options_;
  std::unique_ptr<SampleStore> store_;
  std::unique_ptr<CaptureStore> captures_;
  TargetId target_ = 0;
  InstanceId instance_ = 0;
};

}  // namespace soakwatch
