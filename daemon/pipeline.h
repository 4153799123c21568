// The way of a sample: stored, judged, told. One object that every target's rounds end in.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "alerts/alert_tracker.h"
#include "alerts/notifier.h"
#include "daemon/investigation.h"
#include "daemon/logging.h"
#include "detectors/process_judge.h"
#include "model/event.h"
#include "model/process_id.h"
#include "storage/sample_reader.h"
#include "storage/sample_store.h"

namespace soakwatch {

// Somebody who looks on: the foreground commands, and tests. Called on the loop's thread.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void on_sample(const std::string& target, const ProcessInfo& process,
                         const Sample& sample) = 0;
  virtual void on_event(const std::string& target, const Event& event) = 0;
  virtual void on_alert(const AlertTransition& transition) = 0;
};

// Not thread-safe: the loop's thread only.
class Pipeline {
 public:
  struct Parts {
    SampleStore* store = nullptr;        // null: nothing is kept
    NotifierQueue* notifiers = nullptr;  // null: nobody is notified
    Listener* listener = nullptr;
    Logger logger;
    AlertOptions alerts;
    bool looks = false;  // somebody takes the looks that sample() asks for
  };
  // Everything in `parts` must outlive the pipeline.
  explicit Pipeline(const Parts& parts);

  // Open alerts and unfinished instances of an earlier run. Those whose process is not there any
  // more are ended, whether their target is still configured or not.
  Result<void> restore(SampleReader& reader, const std::function<bool(const ProcessId&)>& is_alive,
                       WallTime now);

  TargetId add_target(const Target& target, WallTime now);

  struct Begin {
    InstanceId id = 0;
    bool known = false;  // this very process was watched before: its detectors want its old samples
    bool earlier = false;  // the target had an instance before
  };
  // Gives the process its id; tells nothing yet.
  Begin identify(TargetId target, const ProcessInfo& process, WallTime now);
  // Starts judging; records the event. Other unfinished instances of the target are ended.
  void begin(TargetId target, const Begin& instance, const ProcessInfo& process, ProcessJudge judge,
             WallTime now);
  // The process became another program: its row tells of that, its alerts end, and `judge` judges
  // from here on.
  void replace_program(InstanceId instance, const ProcessInfo& process, ProcessJudge judge,
                       WallTime now);
  // The looks into the process that are wanted: each is answered by looked(), if only with the word
  // that it failed.
  std::vector<LookRequest> sample(const Sample& sample);
  void looked(InstanceId instance, const std::string& detector, Evidence evidence, WallTime now);
  // Nothing of this instance is under suspicion.
  [[nodiscard]] bool is_quiet(InstanceId instance) const;
  void event(const Event& event);
  void end(InstanceId instance, const std::string& reason, WallTime now);
  // Ends the instances that an earlier run left unfinished and that are not there any more.
  void end_stale(TargetId target, WallTime now);

  [[nodiscard]] std::vector<Alert> open_alerts() const { return tracker_.open_alerts(); }

 private:
  struct Watched {
    AlertSubject subject;
    ProcessInfo process;
    ProcessJudge judge;
    Investigation investigation{};
    std::map<std::string, milliseconds>
        alert_updated{};  // by detector: when its figures were stored
  };

  std::optional<LookRequest> judged(Watched& watched, const Judgement& judgement,
                                    const Sample& sample);
  void observed(const Watched& watched, const Observation& observation);

  void ended(TargetId target, InstanceId instance, const std::string& detail,
             const std::string& reason, WallTime now);
  void tell(const std::vector<AlertTransition>& transitions);
  [[nodiscard]] const std::string& target_name(TargetId target) const;

  Parts parts_;
  AlertTracker tracker_;
  std::map<TargetId, std::string> target_names_;
  std::map<InstanceId, Watched> watched_;
  std::set<TargetId> seen_;                         // targets that have had an instance in this run
  std::multimap<TargetId, InstanceId> unfinished_;  // of an earlier run
  std::int64_t last_id_ = 0;                        // where there is no store to give ids
};

}  // namespace soakwatch
