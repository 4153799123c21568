#include "evidence/profile_merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "model/printable.h"

namespace soakwatch {
namespace {

// Numbers and texts, one after the other, as the key of a map: equal bytes, equal things.
class Key {
 public:
  Key& operator<<(std::uint64_t value) {
    for (int i = 0; i < 8; ++i) bytes_ += static_cast<char>(value >> (8 * i));
    return *this;
  }
  Key& operator<<(std::int64_t value) { return *this << static_cast<std::uint64_t>(value); }
  Key& operator<<(std::uint32_t value) { return *this << std::uint64_t{value}; }
  Key& operator<<(bool value) { return *this << std::uint64_t{value}; }
  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

template <class Index>
using Known = std::unordered_map<std::string, Index>;

std::int64_t negated(std::int64_t value) {
  // pprof scales by -1.0: what a double does not hold exactly is rounded.
  constexpr double kTooLarge = 9223372036854775808.0;
  const double scaled = -static_cast<double>(value);
  return scaled >= kTooLarge ? std::numeric_limits<std::int64_t>::min()
                             : static_cast<std::int64_t>(scaled);
}

bool is_zero(const ProfileSample& sample) {
  return std::all_of(sample.values.begin(), sample.values.end(),
                     [](std::int64_t value) { return value == 0; });
}

// Addresses differ from start to start of a program: of two mappings of one file the later one is
// moved to where the first one was.
class Merger {
 public:
  explicit Merger(Profile& into) : into_(into) {
    into_.strings.emplace_back();
    strings_.emplace("", 0);
  }

  StringIndex string(const std::string& text) {
    const auto [found, added] =
        strings_.emplace(text, static_cast<StringIndex>(into_.strings.size()));
    if (added) into_.strings.push_back(text);
    return found->second;
  }

  void add(const Profile& from, bool is_base, BaseKind kind) {
    from_ = &from;
    mapped_locations_.assign(from.locations.size(), kNotMapped);
    mapped_functions_.assign(from.functions.size(), kNotMapped);
    mapped_mappings_.assign(from.mappings.size(), {});
    // The first mapping is that of the program itself, which gives the file's name.
    if (into_.mappings.empty() && !from.mappings.empty()) map_mapping(0);
    for (const ProfileSample& sample : from.samples) {
      if (!is_zero(sample)) add_sample(sample, is_base, kind);
    }
  }

 private:
  static constexpr std::uint32_t kNotMapped = std::numeric_limits<std::uint32_t>::max();
  struct MappedMapping {
    MappingIndex index = kNotMapped;
    std::uint64_t moved_by = 0;
  };

  void add_sample(const ProfileSample& from, bool is_base, BaseKind kind) {
    ProfileSample sample;
    for (const LocationIndex location : from.stack) sample.stack.push_back(map_location(location));
    for (const ProfileLabel& label : from.labels) {
      if (label.text == 0 && label.number == 0 && label.unit == 0) continue;  // says nothing
      sample.labels.push_back({string(from_->text(label.key)), string(from_->text(label.text)),
                               label.number, string(from_->text(label.unit))});
    }
    if (is_base && kind == BaseKind::kCompared) {
      sample.labels.push_back(
          {string(std::string(kBaseLabel)), string(std::string(kBaseLabelValue)), 0, 0});
    }
    for (const std::int64_t value : from.values) {
      sample.values.push_back(is_base ? negated(value) : value);
    }
    const auto [found, added] = samples_.emplace(key_of(sample), into_.samples.size());
    if (added) {
      into_.samples.push_back(std::move(sample));
      return;
    }
    ProfileSample& known = into_.samples[found->second];
    for (std::size_t i = 0; i < known.values.size(); ++i) {
      known.values[i] = wrapping_add(known.values[i], sample.values[i]);
    }
  }

  // The order of labels of different keys says nothing.
  std::string key_of(const ProfileSample& sample) const {
    Key key;
    key << sample.stack.size();
    for (const LocationIndex location : sample.stack) key << location;
    std::vector<ProfileLabel> labels = sample.labels;
    std::stable_sort(labels.begin(), labels.end(), [](const auto& a, const auto& b) {
      return a.key != b.key ? a.key < b.key : (a.text == 0) < (b.text == 0);
    });
    for (const ProfileLabel& label : labels) {
      key << label.key << label.text << label.number << label.unit;
    }
    return key.take();
  }

  LocationIndex map_location(LocationIndex index) {
    LocationIndex& mapped = mapped_locations_[index];
    if (mapped != kNotMapped) return mapped;
    ProfileLocation location = from_->locations[index];
    Key key;
    std::uint64_t start = 0;
    if (location.mapping) {
      const MappedMapping mapping = map_mapping(*location.mapping);
      location.mapping = mapping.index;
      location.address += mapping.moved_by;
      start = into_.mappings[mapping.index].start;
    }
    key << location.mapping.has_value() << location.mapping.value_or(0) << location.address - start
        << location.is_folded;
    for (ProfileLine& line : location.lines) {
      line.function = map_function(line.function);
      key << line.function << line.line;
    }
    if (!location.lines.empty()) key << location.lines.back().column;
    const auto [found, added] =
        locations_.emplace(key.take(), static_cast<LocationIndex>(into_.locations.size()));
    if (added) into_.locations.push_back(std::move(location));
    return mapped = found->second;
  }

  FunctionIndex map_function(FunctionIndex index) {
    FunctionIndex& mapped = mapped_functions_[index];
    if (mapped != kNotMapped) return mapped;
    ProfileFunction function = from_->functions[index];
    function.name = string(from_->text(function.name));
    function.system_name = string(from_->text(function.system_name));
    function.file = string(from_->text(function.file));
    Key key;
    key << function.start_line << function.name << function.system_name << function.file;
    const auto [found, added] =
        functions_.emplace(key.take(), static_cast<FunctionIndex>(into_.functions.size()));
    if (added) into_.functions.push_back(function);
    return mapped = found->second;
  }

  MappedMapping map_mapping(MappingIndex index) {
    MappedMapping& mapped = mapped_mappings_[index];
    if (mapped.index != kNotMapped) return mapped;
    ProfileMapping mapping = from_->mappings[index];
    mapping.file = string(from_->text(mapping.file));
    mapping.build_id = string(from_->text(mapping.build_id));
    constexpr std::uint64_t kPage = 0x1000;
    std::uint64_t size = mapping.limit - mapping.start + kPage - 1;
    size -= size % kPage;
    Key key;
    key << size << mapping.offset << (mapping.build_id != 0 ? mapping.build_id : mapping.file);
    const auto [found, added] =
        mappings_.emplace(key.take(), static_cast<MappingIndex>(into_.mappings.size()));
    if (added) into_.mappings.push_back(mapping);
    mapped = {found->second, into_.mappings[found->second].start - mapping.start};
    return mapped;
  }

  Profile& into_;
  Known<StringIndex> strings_;
  Known<std::size_t> samples_;
  Known<LocationIndex> locations_;
  Known<FunctionIndex> functions_;
  Known<MappingIndex> mappings_;
  // Of the profile that is being added.
  const Profile* from_ = nullptr;
  std::vector<LocationIndex> mapped_locations_;
  std::vector<FunctionIndex> mapped_functions_;
  std::vector<MappedMapping> mapped_mappings_;
};

std::string types_of(const Profile& profile) {
  std::string text;
  for (const ProfileValueType& one : profile.sample_types) {
    text += (text.empty() ? "" : ", ") + printable(one.type) + "/" + printable(one.unit);
  }
  return text;
}

Result<void> check_same_kind(const Profile& now, const Profile& base) {
  if (now.sample_types != base.sample_types) {
    return invalid(
        fmt::format("profiles of different kinds: {} and {}", types_of(base), types_of(now)));
  }
  if (now.period_type != base.period_type) {
    return invalid(fmt::format("profiles sampled by different things: {} and {}",
                               printable(base.period_type.type), printable(now.period_type.type)));
  }
  return {};
}

void merge_headers(Merger& merger, const Profile& now, const Profile& base, Profile& into) {
  into.sample_types = now.sample_types;
  into.period_type = now.period_type;
  into.period = std::max(now.period, base.period);
  into.drop_frames = merger.string(now.text(now.drop_frames));
  into.keep_frames = merger.string(now.text(now.keep_frames));
  into.time_ns = now.time_ns == 0 ? base.time_ns : std::min(now.time_ns, base.time_ns);
  into.duration_ns = wrapping_add(now.duration_ns, base.duration_ns);
  for (const Profile* from : {&now, &base}) {
    for (const StringIndex comment : from->comments) {
      const StringIndex mine = merger.string(from->text(comment));
      if (std::find(into.comments.begin(), into.comments.end(), mine) == into.comments.end())
        into.comments.push_back(mine);
    }
    if (into.default_sample_type == 0)
      into.default_sample_type = merger.string(from->text(from->default_sample_type));
    if (into.doc_url == 0) into.doc_url = merger.string(from->text(from->doc_url));
  }
}

}  // namespace

Result<Profile> subtract_base(const Profile& now, const Profile& base, BaseKind kind) {
  if (auto same = check_same_kind(now, base); !same) return same.error();
  Profile difference;
  Merger merger(difference);
  merge_headers(merger, now, base, difference);
  merger.add(now, false, kind);
  merger.add(base, true, kind);
  // pprof merges once more, without them, so that what only they refer to is gone as well; the
  // figures are the same.
  std::erase_if(difference.samples, is_zero);
  return difference;
}

}  // namespace soakwatch
