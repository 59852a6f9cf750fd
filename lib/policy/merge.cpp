// Flags tighten a policy file: where both constrain a field, both rules must hold.
#include "policy/shape.hpp"

namespace atls::policy {
namespace {

struct Tighten {
  Alternative& into;
  const Sections& flags;

  void operator()(std::monostate) const {}
  template <class Rule>
  void operator()(At<std::optional<Rule>> at) const {
    if (!look(at, flags)) return;
    Sections& place = at(into) ? into.also : into;
    at(place) = look(at, flags);
  }
  void operator()(At<std::optional<bool>> at) const {
    if (look(at, flags).value_or(false)) at(into) = true;
  }
  void operator()(At<Allow> at) const {
    if (look(at, flags) == Allow::forbid) at(into) = Allow::forbid;
  }
  void operator()(At<std::vector<TableEntryRule>> at) const { at(into).insert(at(into).end(), look(at, flags).begin(), look(at, flags).end()); }
  void operator()(At<std::vector<TcbStatusRule>>) const {}   // a status more would widen; --allow-tcb-status is a consent of its own
  void operator()(At<std::map<std::string, BytesRule>> at) const {
    for (const auto& [name, rule] : look(at, flags)) {
      Sections& place = at(into).contains(name) ? into.also : into;
      at(place)[name] = rule;
    }
  }
};

// Who speaks, of the rules of one section.
struct Sources {
  const Sections& sections;
  std::set<std::string>& out;

  void operator()(std::monostate) const {}
  template <class Rule>
  void operator()(At<std::optional<Rule>> at) const {
    if (look(at, sections)) out.insert(look(at, sections)->source);
  }
  void operator()(At<std::optional<bool>> at) const { (void)at; }   // told by name below: a switch has no source
  void operator()(At<Allow>) const {}
  template <class Rule>
  void operator()(At<std::vector<Rule>> at) const {
    for (const Rule& rule : look(at, sections)) out.insert(rule.source);
  }
  void operator()(At<std::map<std::string, BytesRule>> at) const {
    for (const auto& [name, rule] : look(at, sections)) out.insert(rule.source);
  }
};

void add_switches(const Sections& sections, std::string_view format, std::set<std::string>& out) {
  if (format == "snp") {
    if (sections.snp.id_block_required.value_or(false)) out.insert("the demand of an ID block");
    if (sections.snp.author_required.value_or(false)) out.insert("the demand of an author key");
    if (sections.snp.provisional == Allow::forbid) out.insert("the demand that firmware is not provisional");
  }
  if (format == "tdx" && sections.tdx.ccel_replay.value_or(false)) out.insert("the demand of an event log");
}

}  // namespace

void add_flags(Policy& policy, const Sections& flags) {
  if (policy.alternatives.empty()) policy.alternatives.emplace_back();
  for (Alternative& alternative : policy.alternatives)
    for (const Field& section : sections())
      for_each_target(section.shape->members, [&](const Field& field) { std::visit(Tighten{alternative, flags}, field.target); });
}

std::set<std::string> demands_on(const Alternative& alternative, std::string_view format) {
  std::set<std::string> out;
  for (const Sections* place : {static_cast<const Sections*>(&alternative), &alternative.also}) {
    for_each_target(fields_of(format), [&](const Field& field) { std::visit(Sources{*place, out}, field.target); });
    add_switches(*place, format, out);
  }
  return out;
}

}  // namespace atls::policy
