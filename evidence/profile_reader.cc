#include "evidence/profile_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <protozero/pbf_reader.hpp>
#include <stdexcept>
#include <unordered_map>

#include "evidence/protobuf_fields.h"

namespace soakwatch {
namespace {

using protozero::pbf_reader;

constexpr std::size_t kMaxSampleTypes = 64;

// Thrown and caught within this file, beside what protozero and read_message() throw.
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

// What messages of one kind are called by others, and where they are in their table.
class Ids {
 public:
  explicit Ids(std::string_view what) : what_(what) {}

  void add(std::uint64_t id, std::size_t index) {
    if (id == 0) refuse(fmt::format("a {} with id 0", what_));
    if (!ids_.emplace(id, static_cast<std::uint32_t>(index)).second)
      refuse(fmt::format("two {}s with id {}", what_, id));
  }
  [[nodiscard]] std::uint32_t find(std::uint64_t id) const {
    const auto found = ids_.find(id);
    if (found == ids_.end()) refuse(fmt::format("{} {} does not exist", what_, id));
    return found->second;
  }

 private:
  std::string_view what_;
  std::unordered_map<std::uint64_t, std::uint32_t> ids_;
};

// Indices into the table of strings. One that cannot be right is refused at once, one past the end
// of the table when that is known.
class StringIndices {
 public:
  StringIndex take(std::uint64_t value) {
    if (value > std::numeric_limits<StringIndex>::max()) refuse("a string that does not exist");
    highest_ = std::max(highest_, static_cast<StringIndex>(value));
    return static_cast<StringIndex>(value);
  }
  // A field that is one.
  template <std::uint32_t kNumber>
  auto into(StringIndex& index) {
    return number_field<kNumber>(
        [this, &index](pbf_reader& field) { index = take(field.get_uint64()); });
  }
  [[nodiscard]] StringIndex highest() const { return highest_; }

 private:
  StringIndex highest_ = 0;
};

// Reads the messages in any order; what refers to something by its id or index is looked up when
// all of them have been read.
class ProfileReader {
 public:
  explicit ProfileReader(const ProfileLimits& limits) : limits_(limits) {}

  Profile read(std::string_view data) {
    read_message(pbf_reader(data.data(), data.size()),
                 bytes_field<1>([this](pbf_reader& field) { read_sample_type(field); }),
                 bytes_field<2>([this](pbf_reader& field) { read_sample(field.get_message()); }),
                 bytes_field<3>([this](pbf_reader& field) { read_mapping(field.get_message()); }),
                 bytes_field<4>([this](pbf_reader& field) { read_location(field.get_message()); }),
                 bytes_field<5>([this](pbf_reader& field) { read_function(field.get_message()); }),
                 bytes_field<6>([this](pbf_reader& field) { read_string(field); }),
                 indices_.into<7>(profile_.drop_frames), indices_.into<8>(profile_.keep_frames),
                 number_field<9>([this](pbf_reader& field) { read_time(field); }),
                 number_into<10>(profile_.duration_ns),
                 bytes_field<11>([this](pbf_reader& field) { read_period_type(field); }),
                 number_into<12>(profile_.period),
                 numbers_field<13>([this](std::uint64_t value) { add_comment(value); }),
                 indices_.into<14>(profile_.default_sample_type),
                 indices_.into<15>(profile_.doc_url));
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

  void read_sample_type(pbf_reader& field) {
    check_room(raw_types_.size(), kMaxSampleTypes, "sample types");
    raw_types_.push_back(read_value_type(field.get_message()));
  }

  void read_period_type(pbf_reader& field) {
    raw_period_type_ = read_value_type(field.get_message());
  }

  void read_string(pbf_reader& field) {
    check_room(profile_.strings.size(), limits_.max_strings, "strings");
    profile_.strings.push_back(field.get_string());
  }

  void read_time(pbf_reader& field) {
    if (profile_.time_ns != 0) refuse("several profiles in one file");
    profile_.time_ns = field.get_int64();
  }

  void add_comment(std::uint64_t value) {
    check_room(profile_.comments.size(), limits_.max_comments, "comments");
    profile_.comments.push_back(indices_.take(value));
  }

  RawValueType read_value_type(pbf_reader message) {
    RawValueType type;
    read_message(message, indices_.into<1>(type.type), indices_.into<2>(type.unit));
    return type;
  }

  void read_sample(pbf_reader message) {
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
    const auto add_label = [&](pbf_reader& field) {
      check_room(labels_++, limits_.max_labels, "labels");
      sample.labels.push_back(read_label(field.get_message()));
    };
    read_message(message, numbers_field<1>(add_location), numbers_field<2>(add_value),
                 bytes_field<3>(add_label));
    sample.stack.resize(ids.size());
    stack_ids_.insert(stack_ids_.end(), ids.begin(), ids.end());
    profile_.samples.push_back(std::move(sample));
  }

  ProfileLabel read_label(pbf_reader message) {
    ProfileLabel label;
    read_message(message, indices_.into<1>(label.key), indices_.into<2>(label.text),
                 number_into<3>(label.number), indices_.into<4>(label.unit));
    return label;
  }

  void read_mapping(pbf_reader message) {
    check_room(profile_.mappings.size(), limits_.max_mappings, "mappings");
    ProfileMapping mapping;
    std::uint64_t id = 0;
    read_message(message, number_into<1>(id), number_into<2>(mapping.start),
                 number_into<3>(mapping.limit), number_into<4>(mapping.offset),
                 indices_.into<5>(mapping.file), indices_.into<6>(mapping.build_id));
    mapping_ids_.add(id, profile_.mappings.size());
    profile_.mappings.push_back(mapping);
  }

  void read_location(pbf_reader message) {
    check_room(profile_.locations.size(), limits_.max_locations, "locations");
    ProfileLocation location;
    RawLocation raw;
    std::uint64_t id = 0;
    const auto add_line = [&](pbf_reader& field) {
      check_room(lines_++, limits_.max_lines, "lines");
      location.lines.emplace_back();
      raw.function_ids.push_back(read_line(field.get_message(), location.lines.back()));
    };
    read_message(message, number_into<1>(id), number_into<2>(raw.mapping_id),
                 number_into<3>(location.address), bytes_field<4>(add_line),
                 number_into<5>(location.is_folded));
    location_ids_.add(id, profile_.locations.size());
    profile_.locations.push_back(std::move(location));
    raw_locations_.push_back(std::move(raw));
  }

  // The id of its function.
  static std::uint64_t read_line(pbf_reader message, ProfileLine& line) {
    std::uint64_t function_id = 0;
    read_message(message, number_into<1>(function_id), number_into<2>(line.line),
                 number_into<3>(line.column));
    return function_id;
  }

  void read_function(pbf_reader message) {
    check_room(profile_.functions.size(), limits_.max_functions, "functions");
    ProfileFunction function;
    std::uint64_t id = 0;
    read_message(message, number_into<1>(id), indices_.into<2>(function.name),
                 indices_.into<3>(function.system_name), indices_.into<4>(function.file),
                 number_into<5>(function.start_line));
    function_ids_.add(id, profile_.functions.size());
    profile_.functions.push_back(function);
  }

  void resolve() {
    if (profile_.strings.empty()) refuse("no strings");
    if (!profile_.strings.front().empty()) refuse("the first string is not empty");
    if (indices_.highest() >= profile_.strings.size()) {
      refuse(fmt::format("string {} does not exist", indices_.highest()));
    }
    if (raw_types_.empty()) refuse("no sample types");
    for (const RawValueType& type : raw_types_) profile_.sample_types.push_back(named(type));
    profile_.period_type = named(raw_period_type_);
    for (std::size_t i = 0; i < raw_locations_.size(); ++i) {
      ProfileLocation& location = profile_.locations[i];
      const RawLocation& raw = raw_locations_[i];
      if (raw.mapping_id != 0) location.mapping = mapping_ids_.find(raw.mapping_id);
      for (std::size_t line = 0; line < location.lines.size(); ++line) {
        location.lines[line].function = function_ids_.find(raw.function_ids[line]);
      }
    }
    auto id = stack_ids_.begin();
    for (ProfileSample& sample : profile_.samples) {
      if (sample.values.size() != profile_.sample_types.size()) {
        refuse(fmt::format("a sample with {} values, where there are {} sample types",
                           sample.values.size(), profile_.sample_types.size()));
      }
      for (LocationIndex& location : sample.stack) location = location_ids_.find(*id++);
    }
  }

  [[nodiscard]] ProfileValueType named(const RawValueType& raw) const {
    return {profile_.text(raw.type), profile_.text(raw.unit)};
  }

  const ProfileLimits& limits_;
  Profile profile_;
  std::vector<RawValueType> raw_types_;
  RawValueType raw_period_type_;
  std::vector<RawLocation> raw_locations_;
  std::vector<std::uint64_t> stack_ids_;  // of all samples, one after the other
  StringIndices indices_;
  Ids mapping_ids_{"mapping"};
  Ids location_ids_{"location"};
  Ids function_ids_{"function"};
  std::size_t labels_ = 0;
  std::size_t values_ = 0;
  std::size_t lines_ = 0;
};

}  // namespace

Result<Profile> read_profile(std::string_view bytes, const ProfileLimits& limits) {
  try {
    return ProfileReader(limits).read(bytes);
  } catch (const Refusal& refusal) {
    return Error{refusal.kind(), std::string("profile: ") + refusal.what()};
  } catch (const WrongWireType& wrong) {
    return invalid(std::string("profile: ") + wrong.what());
  } catch (const protozero::exception& malformed) {
    return invalid(std::string("profile: not of pprof's form: ") + malformed.what());
  }
}

}  // namespace soakwatch
