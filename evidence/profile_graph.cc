#include "evidence/profile_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "evidence/profile_merge.h"

namespace soakwatch {
namespace {

constexpr double kEdgeFraction = 0.001;

std::int64_t part_of(std::int64_t total, double fraction) {
  return magnitude(static_cast<std::int64_t>(static_cast<double>(total) * fraction));
}

std::string base_name(const std::string& path) {
  const std::size_t end = path.find_last_not_of('/');
  if (end == std::string::npos) return "/";
  const std::size_t slash = path.rfind('/', end);
  const std::size_t begin = slash == std::string::npos ? 0 : slash + 1;
  return path.substr(begin, end + 1 - begin);
}

using NodeIndex = std::uint32_t;

// A line of a location, as a step of a stack.
struct Step {
  NodeIndex node = 0;
  bool is_inlined = false;  // into the next step outwards
};

class GraphBuilder {
 public:
  GraphBuilder(const Profile& profile, std::size_t index) : profile_(profile), index_(index) {
    for (const ProfileLocation& location : profile.locations) add_steps(location);
    kept_.assign(nodes_.size(), true);
  }

  ProfileGraph build(std::size_t max_nodes) {
    ProfileGraph graph;
    weigh();
    std::int64_t total = 0;
    for (const ProfileNode& node : nodes_) total = wrapping_add(total, node.flat);
    std::vector<NodeIndex> order = present();
    if (const std::int64_t least = part_of(total, kProfileNodeFraction); least > 0) {
      const std::size_t all = order.size();
      std::erase_if(order, [&](NodeIndex node) { return magnitude(nodes_[node].cum) < least; });
      graph.dropped = all - order.size();
      if (graph.dropped > 0) keep(order);
    }
    graph.nodes_in_all = order.size();
    sort(order);
    if (max_nodes > 0 && order.size() > max_nodes) {
      order.resize(max_nodes);
      keep(order);
      sort(order);
    }
    mark_calls(part_of(total, kEdgeFraction));
    for (const NodeIndex node : order) graph.nodes.push_back(nodes_[node]);
    return graph;
  }

 private:
  void add_steps(const ProfileLocation& location) {
    const std::string file =
        location.mapping ? profile_.text(profile_.mappings[*location.mapping].file) : "";
    std::vector<Step>& steps = steps_.emplace_back();
    if (location.lines.empty()) {
      steps.push_back({nameless_node(file, 0), false});
      return;
    }
    for (std::size_t i = 0; i < location.lines.size(); ++i) {
      const ProfileFunction& function = profile_.functions[location.lines[i].function];
      const std::string& name = profile_.text(function.name);
      const NodeIndex node =
          name.empty() ? nameless_node(file, function.start_line) : node_of("n" + name, name, "");
      steps.push_back({node, i + 1 < location.lines.size()});
    }
  }

  NodeIndex nameless_node(const std::string& file, std::int64_t start_line) {
    const std::string name = file.empty() ? "<unknown>" : "[" + base_name(file) + "]";
    // pprof's order of nodes that are shown alike.
    const std::string tie = fmt::format("{} 0 0 {}", start_line, file);
    return node_of("f" + tie, name, tie);
  }

  NodeIndex node_of(const std::string& key, const std::string& name, const std::string& tie) {
    const auto [found, added] = known_.emplace(key, static_cast<NodeIndex>(nodes_.size()));
    if (added) {
      nodes_.push_back({name, 0, 0, false, false});
      ties_.push_back(tie);
    }
    return found->second;
  }

  // From the samples, since a node that is left out joins those around it.
  void keep(const std::vector<NodeIndex>& order) {
    kept_.assign(nodes_.size(), false);
    for (const NodeIndex node : order) kept_[node] = true;
    weigh();
  }

  void weigh() {
    for (ProfileNode& node : nodes_) node.flat = node.cum = 0;
    edges_.clear();
    last_seen_.assign(nodes_.size(), 0);
    std::size_t number = 0;
    for (const ProfileSample& sample : profile_.samples) {
      if (sample.values[index_] != 0) weigh(sample, ++number);
    }
  }

  // From the outermost frame inwards. Of a function that calls itself the value counts once.
  void weigh(const ProfileSample& sample, std::size_t number) {
    const std::int64_t value = sample.values[index_];
    constexpr NodeIndex kNone = ~NodeIndex{0};
    NodeIndex caller = kNone;
    bool left_out = false;
    for (std::size_t i = sample.stack.size(); i-- > 0;) {
      const std::vector<Step>& steps = steps_[sample.stack[i]];
      for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
        left_out = !kept_[step->node];
        if (left_out) continue;
        ProfileNode& node = nodes_[step->node];
        if (last_seen_[step->node] != number) {
          last_seen_[step->node] = number;
          node.cum = wrapping_add(node.cum, value);
        }
        if (caller != kNone && caller != step->node) add_edge(caller, *step, value, number);
        caller = step->node;
      }
    }
    if (caller != kNone && !left_out) {
      nodes_[caller].flat = wrapping_add(nodes_[caller].flat, value);
    }
  }

  // Only the first call of a kind on a stack says whether it is inlined.
  void add_edge(NodeIndex caller, const Step& callee, std::int64_t value, std::size_t number) {
    const auto [found, added] = edges_.try_emplace((std::uint64_t{caller} << 32U) | callee.node);
    Edge& edge = found->second;
    if (edge.last_seen == number) return;
    edge.last_seen = number;
    edge.weight = wrapping_add(edge.weight, value);
    edge.is_inlined = callee.is_inlined && (added || edge.is_inlined);
  }

  void mark_calls(std::int64_t least) {
    for (const auto& [ends, edge] : edges_) {
      if (magnitude(edge.weight) < least) continue;
      ProfileNode& callee = nodes_[static_cast<NodeIndex>(ends)];
      (edge.is_inlined ? callee.is_inlined : callee.is_called) = true;
    }
  }

  [[nodiscard]] std::vector<NodeIndex> present() const {
    std::vector<NodeIndex> order;
    for (NodeIndex node = 0; node < nodes_.size(); ++node) {
      if (nodes_[node].flat != 0 || nodes_[node].cum != 0) order.push_back(node);
    }
    return order;
  }

  void sort(std::vector<NodeIndex>& order) const {
    std::sort(order.begin(), order.end(), [this](NodeIndex i, NodeIndex j) {
      const ProfileNode& a = nodes_[i];
      const ProfileNode& b = nodes_[j];
      if (a.flat != b.flat && magnitude(a.flat) != magnitude(b.flat))
        return magnitude(a.flat) > magnitude(b.flat);
      if (a.name != b.name) return a.name < b.name;
      if (magnitude(a.cum) != magnitude(b.cum)) return magnitude(a.cum) > magnitude(b.cum);
      return ties_[i] < ties_[j];
    });
  }

  struct Edge {
    std::int64_t weight = 0;
    bool is_inlined = false;
    std::size_t last_seen = 0;  // number of the sample
  };

  const Profile& profile_;
  std::size_t index_;
  std::vector<ProfileNode> nodes_;
  std::vector<std::string> ties_;  // for each node
  std::unordered_map<std::string, NodeIndex> known_;
  std::vector<std::vector<Step>> steps_;  // for each location
  std::vector<bool> kept_;
  std::vector<std::size_t> last_seen_;             // number of the sample, for each node
  std::unordered_map<std::uint64_t, Edge> edges_;  // by caller and callee
};

}  // namespace

ProfileGraph profile_graph(const Profile& profile, std::size_t index, std::size_t max_nodes) {
  return GraphBuilder(profile, index).build(max_nodes);
}

}  // namespace soakwatch
