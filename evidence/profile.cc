#include "evidence/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <protozero/pbf_reader.hpp>
#include <stdexcept>
#include <unordered_map>

#include "evidence/gunzip.h"
#include "model/printable.h"

namespace soakwatch {
namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;
using protozero::tag_and_type;

// Thrown and caught within this file, beside what protozero throws.
class Refusal : public std::runtime_error {
 public:
  Refusal(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  [[nodiscard]] ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

[[noreturn]] void refuse(const std::string& message) {
  throw Refusal(ErrorKind::kInvalid, message);
}

void check_room(std::size_t size, std::size_t limit, std::string_view what) {
  if (size >= limit)
    throw Refusal(ErrorKind::kTooLarge, fmt::format("more than {} {}", limit, what));
}

// A field's number with its wire type, as a label of a switch.
constexpr std::uint32_t number(std::uint32_t field) {
  return tag_and_type(field, pbf_wire_type::varint);
}
constexpr std::uint32_t bytes(std::uint32_t field) {
  return tag_and_type(field, pbf_wire_type::length_delimited);
}

// Leaves out a field of a newer version of the format; one that is known has another wire type.
void skip_unknown(pbf_reader& reader, std::uint32_t last_known) {
  if (reader.tag() <= last_known) refuse("a field of the wrong type");
  reader.skip();
}

// Numbers that are written packed or one by one.
template <class Add>
void read_packed(pbf_reader& reader, Add add) {
  for (const std::uint64_t value : reader.get_packed_uint64()) add(value);
}

// Reads the messages in any order; what refers to something by its id or index is looked up when
// all of them have been read.
class ProfileReader {
 public:
  explicit ProfileReader(const ProfileLimits& limits) : limits_(limits) {}

  Profile read(std::string_view data) {
    pbf_reader reader(data.data(), data.size());
    while (reader.next()) read_field(reader);
    resolve();
    return std::move(profile_);
  }

 private:
  struct RawValueType {
    StringIndex type = 0;
    StringIndex unit = 0;
  };
  struct RawLocation {
    std::uint64_t mapping_id = 0;
    std::vector<std::uint64_t> function_ids;  // one for each line
  };
  using Ids = std::unordered_map<std::uint64_t, std::uint32_t>;

  // One that cannot be right is refused at once, one past the end of the table when that is known.
  StringIndex string_index(std::uint64_t value) {
    if (value > std::numeric_limits<StringIndex>::max()) refuse("a string that does not exist");
    highest_string_ = std::max(highest_string_, static_cast<StringIndex>(value));
    return static_cast<StringIndex>(value);
  }
  StringIndex string_index(pbf_reader& reader) { return string_index(reader.get_uint64()); }

  static void add_id(Ids& ids, std::uint64_t id, std::size_t index, std::string_view what) {
    if (id == 0) refuse(fmt::format("a {} with id 0", what));
    if (!ids.emplace(id, static_cast<std::uint32_t>(index)).second)
      refuse(fmt::format("two {}s with id {}", what, id));
  }
  static std::uint32_t find_id(const Ids& ids, std::uint64_t id, std::string_view what) {
    const auto found = ids.find(id);
    if (found == ids.end()) refuse(fmt::format("{} {} does not exist", what, id));
    return found->second;
  }

  void read_field(pbf_reader& reader) {
    switch (reader.tag_and_type()) {
      case bytes(1):
        check_room(raw_types_.size(), kMaxSampleTypes, "sample types");
        raw_types_.push_back(read_value_type(reader.get_message()));
        break;
      case bytes(2):
        read_sample(reader.get_message());
        break;
      case bytes(3):
        read_mapping(reader.get_message());
        break;
      case bytes(4):
        read_location(reader.get_message());
        break;
      case bytes(5):
        read_function(reader.get_message());
        break;
      case bytes(6):
        check_room(profile_.strings.size(), limits_.max_strings, "strings");
        profile_.strings.push_back(reader.get_string());
        break;
      case bytes(11):
        raw_period_type_ = read_value_type(reader.get_message());
        break;
      case bytes(13):
        read_packed(reader, [this](std::uint64_t value) { add_comment(value); });
        break;
      case number(13):
        add_comment(reader.get_uint64());
        break;
      default:
        read_header_number(reader);
    }
  }

  void read_header_number(pbf_reader& reader) {
    switch (reader.tag_and_type()) {
      case number(7):
        profile_.drop_frames = string_index(reader);
        break;
      case number(8):
        profile_.keep_frames = string_index(reader);
        break;
      case number(9):
        if (profile_.time_ns != 0) refuse("several profiles in one file");
        profile_.time_ns = reader.get_int64();
        break;
      case number(10):
        profile_.duration_ns = reader.get_int64();
        break;
      case number(12):
        profile_.period = reader.get_int64();
        break;
      case number(14):
        profile_.default_sample_type = string_index(reader);
        break;
      case number(15):
        profile_.doc_url = string_index(reader);
        break;
      default:
        skip_unknown(reader, 15);
    }
  }

  void add_comment(std::uint64_t value) {
    check_room(profile_.comments.size(), limits_.max_comments, "comments");
    profile_.comments.push_back(string_index(value));
  }

  RawValueType read_value_type(pbf_reader reader) {
    RawValueType type;
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case number(1):
          type.type = string_index(reader);
          break;
        case number(2):
          type.unit = string_index(reader);
          break;
        default:
          skip_unknown(reader, 2);
      }
    }
    return type;
  }

  void read_sample(pbf_reader reader) {
    check_room(profile_.samples.size(), limits_.max_samples, "samples");
    ProfileSample sample;
    std::vector<std::uint64_t> ids;
    const auto add_location = [&](std::uint64_t id) {
      check_room(ids.size(), limits_.max_stack_locations, "locations on a stack");
      check_room(stack_ids_.size() + ids.size(), limits_.max_all_locations,
                 "locations on all stacks");
      ids.push_back(id);
    };
    const auto add_value = [&](std::uint64_t value) {
      check_room(values_++, limits_.max_values, "values");
      sample.values.push_back(static_cast<std::int64_t>(value));
    };
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case bytes(1):
          read_packed(reader, add_location);
          break;
        case number(1):
          add_location(reader.get_uint64());
          break;
        case bytes(2):
          read_packed(reader, add_value);
          break;
        case number(2):
          add_value(reader.get_uint64());
          break;
        case bytes(3):
          check_room(labels_++, limits_.max_labels, "labels");
          sample.labels.push_back(read_label(reader.get_message()));
          break;
        default:
          skip_unknown(reader, 3);
      }
    }
    sample.stack.resize(ids.size());
    stack_ids_.insert(stack_ids_.end(), ids.begin(), ids.end());
    profile_.samples.push_back(std::move(sample));
  }

  ProfileLabel read_label(pbf_reader reader) {
    ProfileLabel label;
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case number(1):
          label.key = string_index(reader);
          break;
        case number(2):
          label.text = string_index(reader);
          break;
        case number(3):
          label.number = reader.get_int64();
          break;
        case number(4):
          label.unit = string_index(reader);
          break;
        default:
          skip_unknown(reader, 4);
      }
    }
    return label;
  }

  void read_mapping(pbf_reader reader) {
    check_room(profile_.mappings.size(), limits_.max_mappings, "mappings");
    ProfileMapping mapping;
    std::uint64_t id = 0;
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case number(1):
          id = reader.get_uint64();
          break;
        case number(2):
          mapping.start = reader.get_uint64();
          break;
        case number(3):
          mapping.limit = reader.get_uint64();
          break;
        case number(4):
          mapping.offset = reader.get_uint64();
          break;
        case number(5):
          mapping.file = string_index(reader);
          break;
        case number(6):
          mapping.build_id = string_index(reader);
          break;
        default:
          skip_unknown(reader, 6);
      }
    }
    add_id(mapping_ids_, id, profile_.mappings.size(), "mapping");
    profile_.mappings.push_back(mapping);
  }

  void read_location(pbf_reader reader) {
    check_room(profile_.locations.size(), limits_.max_locations, "locations");
    ProfileLocation location;
    RawLocation raw;
    std::uint64_t id = 0;
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case number(1):
          id = reader.get_uint64();
          break;
        case number(2):
          raw.mapping_id = reader.get_uint64();
          break;
        case number(3):
          location.address = reader.get_uint64();
          break;
        case bytes(4):
          check_room(lines_++, limits_.max_lines, "lines");
          location.lines.emplace_back();
          raw.function_ids.push_back(read_line(reader.get_message(), location.lines.back()));
          break;
        case number(5):
          location.is_folded = reader.get_uint64() != 0;
          break;
        default:
          skip_unknown(reader, 5);
      }
    }
    add_id(location_ids_, id, profile_.locations.size(), "location");
    profile_.locations.push_back(std::move(location));
    raw_locations_.push_back(std::move(raw));
  }

  static std::uint64_t read_line(pbf_reader reader, ProfileLine& line) {
    std::uint64_t function_id = 0;
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case number(1):
          function_id = reader.get_uint64();
          break;
        case number(2):
          line.line = reader.get_int64();
          break;
        case number(3):
          line.column = reader.get_int64();
          break;
        default:
          skip_unknown(reader, 3);
      }
    }
    return function_id;
  }

  void read_function(pbf_reader reader) {
    check_room(profile_.functions.size(), limits_.max_functions, "functions");
    ProfileFunction function;
    std::uint64_t id = 0;
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case number(1):
          id = reader.get_uint64();
          break;
        case number(2):
          function.name = string_index(reader);
          break;
        case number(3):
          function.system_name = string_index(reader);
          break;
        case number(4):
          function.file = string_index(reader);
          break;
        case number(5):
          function.start_line = reader.get_int64();
          break;
        default:
          skip_unknown(reader, 5);
      }
    }
    add_id(function_ids_, id, profile_.functions.size(), "function");
    profile_.functions.push_back(function);
  }

  void resolve() {
    if (profile_.strings.empty()) refuse("no strings");
    if (!profile_.strings.front().empty()) refuse("the first string is not empty");
    if (highest_string_ >= profile_.strings.size()) {
      refuse(fmt::format("string {} does not exist", highest_string_));
    }
    if (raw_types_.empty()) refuse("no sample types");
    for (const RawValueType& type : raw_types_) profile_.sample_types.push_back(named(type));
    profile_.period_type = named(raw_period_type_);
    for (std::size_t i = 0; i < raw_locations_.size(); ++i) {
      ProfileLocation& location = profile_.locations[i];
      const RawLocation& raw = raw_locations_[i];
      if (raw.mapping_id != 0) location.mapping = find_id(mapping_ids_, raw.mapping_id, "mapping");
      for (std::size_t line = 0; line < location.lines.size(); ++line) {
        location.lines[line].function = find_id(function_ids_, raw.function_ids[line], "function");
      }
    }
    auto id = stack_ids_.begin();
    for (ProfileSample& sample : profile_.samples) {
      if (sample.values.size() != profile_.sample_types.size()) {
        refuse(fmt::format("a sample with {} values, where there are {} sample types",
                           sample.values.size(), profile_.sample_types.size()));
      }
      for (LocationIndex& location : sample.stack) {
        location = find_id(location_ids_, *id++, "location");
      }
    }
  }

  [[nodiscard]] ProfileValueType named(const RawValueType& raw) const {
    return {profile_.text(raw.type), profile_.text(raw.unit)};
  }

  static constexpr std::size_t kMaxSampleTypes = 64;

  const ProfileLimits& limits_;
  Profile profile_;
  std::vector<RawValueType> raw_types_;
  RawValueType raw_period_type_;
  std::vector<RawLocation> raw_locations_;
  std::vector<std::uint64_t> stack_ids_;  // of all samples, one after the other
  Ids mapping_ids_;
  Ids location_ids_;
  Ids function_ids_;
  StringIndex highest_string_ = 0;
  std::size_t labels_ = 0;
  std::size_t values_ = 0;
  std::size_t lines_ = 0;
};

}  // namespace

Result<Profile> parse_profile(std::string_view bytes, const ProfileLimits& limits) {
  std::string plain;
  if (is_gzip(bytes)) {
    auto text = gunzip(bytes, limits.max_decompressed_bytes);
    if (!text) return text.error().in("profile");
    plain = std::move(*text);
    bytes = plain;
  }
  if (bytes.empty()) return invalid("profile: empty");
  if (bytes.size() > limits.max_decompressed_bytes) {
    return Error{ErrorKind::kTooLarge,
                 fmt::format("profile: more than {} bytes", limits.max_decompressed_bytes)};
  }
  try {
    return ProfileReader(limits).read(bytes);
  } catch (const Refusal& refusal) {
    return Error{refusal.kind(), std::string("profile: ") + refusal.what()};
  } catch (const protozero::exception& malformed) {
    return invalid(std::string("profile: not of pprof's form: ") + malformed.what());
  }
}

Result<std::size_t> sample_index(const Profile& profile, std::string_view type) {
  const auto& types = profile.sample_types;
  const auto find = [&types](std::string_view name) {
    return static_cast<std::size_t>(
        std::find_if(types.begin(), types.end(),
                     [name](const ProfileValueType& one) { return one.type == name; }) -
        types.begin());
  };
  if (type.empty()) {
    const std::string& standard = profile.text(profile.default_sample_type);
    const std::size_t index = standard.empty() ? types.size() : find(standard);
    return index < types.size() ? index : types.size() - 1;
  }
  std::size_t index = find(type);
  // Old profiles say "space" where new ones say "inuse_space".
  constexpr std::string_view kInUse = "inuse_";
  if (index == types.size() && type.starts_with(kInUse)) {
    index = find(type.substr(kInUse.size()));
  }
  if (index < types.size()) return index;
  std::string known;
  for (const ProfileValueType& one : types)
    known += (known.empty() ? "" : ", ") + printable(one.type);
  return invalid(fmt::format("this profile has no {}, only {}", printable(type), known));
}

}  // namespace soakwatch
