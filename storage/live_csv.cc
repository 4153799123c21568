#include "storage/live_csv.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "storage/system_call.h"

namespace soakwatch {
namespace {

// Longer than any row: target names come from the user.
constexpr std::size_t kTailBytes = 65536;

Result<void> cut_torn_line(int fd, off_t size) {
  const auto tail = static_cast<std::size_t>(std::min<off_t>(size, kTailBytes));
  std::string text(tail, '\0');
  const ssize_t n = pread(fd, text.data(), text.size(), size - static_cast<off_t>(tail));
  if (n < 0) return os_error("cannot read", errno);
  text.resize(static_cast<std::size_t>(n));
  const std::size_t newline = text.rfind('\n');
  if (newline == std::string::npos || newline + 1 == text.size()) return {};
  const off_t keep = size - static_cast<off_t>(text.size() - newline - 1);
  if (ftruncate(fd, keep) != 0) return os_error("cannot repair the last line", errno);
  return {};
}

}  // namespace

LiveCsv::LiveCsv(std::filesystem::path file) : file_(std::move(file)), writer_(CsvOptions{}) {}

LiveCsv::~LiveCsv() { close_file(); }

void LiveCsv::close_file() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Result<void> LiveCsv::prepare(int fd, bool& other_header) const {
  struct stat info {};
  if (fstat(fd, &info) != 0) return os_error("cannot read", errno);
  if (!S_ISREG(info.st_mode)) return Error{ErrorKind::kIo, "no regular file"};
  const std::string header = writer_.header();
  if (info.st_size == 0) {
    if (!write_all(fd, header)) return os_error("cannot write", errno);
    return {};
  }
  std::string start(header.size(), '\0');
  const ssize_t n = pread(fd, start.data(), start.size(), 0);
  if (n < 0) return os_error("cannot read", errno);
  start.resize(static_cast<std::size_t>(n));
  other_header = start != header;
  return other_header ? Result<void>() : cut_torn_line(fd, info.st_size);
}

Result<void> LiveCsv::open() {
  for (int attempt = 0; attempt < 2; ++attempt) {
    fd_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0600);
    if (fd_ < 0) return os_error("cannot open", errno);
    bool other_header = false;
    Result<void> prepared = prepare(fd_, other_header);
    if (prepared && !other_header) return {};
    close_file();
    if (!prepared) return prepared;
    const auto now = std::chrono::floor<seconds>(std::chrono::system_clock::now());
    std::filesystem::path old = file_;
    old += "." + format_utc(now);
    // Never over another file: link() refuses where rename() would replace.
    if (::link(file_.c_str(), old.c_str()) != 0 || ::unlink(file_.c_str()) != 0) {
      return os_error("cannot move the file with another header aside", errno);
    }
  }
  return Error{ErrorKind::kIo, "another program writes the file"};
}

void LiveCsv::learn(const Record& record) {
  if (const auto* target = std::get_if<TargetRecord>(&record)) {
    targets_[target->id] = {target->id, target->name, target->spec, target->created};
  } else if (const auto* instance = std::get_if<InstanceRecord>(&record)) {
    instances_[instance->id].ended = false;
    InstanceRow& row = instances_[instance->id].row;
    row.id = instance->id;
    row.target = instance->target;
    row.process.id.pid = instance->process.id.pid;  // all that a row shows of it
  }
}

// When samples are held back, they come after the end of their process.
void LiveCsv::forget_later(InstanceId instance) {
  constexpr std::size_t kMostEnded = 10000;
  const auto found = instances_.find(instance);
  if (found == instances_.end()) return;
  found->second.ended = true;
  ended_.push_back(instance);
  if (ended_.size() <= kMostEnded) return;
  const auto oldest = instances_.find(ended_.front());
  if (oldest != instances_.end() && oldest->second.ended) instances_.erase(oldest);
  ended_.pop_front();
}

std::string LiveCsv::rows_of(const Batch& batch) const {
  std::string text;
  for (const SampleRecord& record : batch.samples) {
    const auto instance = instances_.find(record.sample.instance);
    if (instance == instances_.end()) continue;
    const InstanceRow& row = instance->second.row;
    const auto target = targets_.find(row.target);
    if (target == targets_.end()) continue;
    writer_.append({&target->second, &row, record.id, record.sample}, text);
  }
  return text;
}

Result<void> LiveCsv::append(const Batch& batch) {
  for (const Record& record : batch.records) learn(record);
  const std::string text = rows_of(batch);
  // In order: what ended and was seen again in the same batch has not ended.
  for (const Record& record : batch.records) {
    if (const auto* end = std::get_if<InstanceEnd>(&record)) {
      forget_later(end->instance);
    } else {
      learn(record);
    }
  }
  if (text.empty()) return {};
  struct stat info {};
  if (fd_ >= 0 && (fstat(fd_, &info) != 0 || info.st_nlink == 0)) close_file();  // removed
  Result<void> result = fd_ >= 0 ? Result<void>() : open();
  if (result && !write_all(fd_, text)) result = os_error("cannot write", errno);
  if (!result) {
    close_file();
    return result.error().in(file_.string());
  }
  return result;
}

}  // namespace soakwatch
