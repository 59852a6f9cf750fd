#include <nlohmann/json.hpp>

#include "report/render_tcb.hpp"

namespace atls::render {
namespace {

using Json = nlohmann::ordered_json;

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }
template <class T>
Json number_or_null(const std::optional<T>& n) { return n ? Json(*n) : Json(nullptr); }

Json level_json(const TcbExplanation::Level& l) {
  Json missing = Json::array();
  for (const auto& m : l.missing) missing.push_back({{"name", m.name}, {"have", m.have}, {"need", m.need}});
  return {{"status", text_or_null(l.status)}, {"date", text_or_null(l.date)}, {"advisories", l.advisories}, {"missing", std::move(missing)}};
}

}  // namespace

nlohmann::ordered_json tcb_json(const TcbExplanation& tcb) {
  Json out{{"tee", tcb.tee}, {"fmspc", tcb.fmspc}, {"profile", tcb.profile}, {"status", tcb.status}, {"why", text_or_null(tcb.why)}, {"date", text_or_null(tcb.date)}, {"advisories", tcb.advisories},
           {"tcb_info_number", tcb.tcb_info_number}, {"qe_identity_number", number_or_null(tcb.qe_identity_number)}};
  Json& parts = out["parts"] = Json::array();
  for (const TcbExplanation::Part& p : tcb.parts)
    parts.push_back({{"name", p.name}, {"id", text_or_null(p.id)}, {"status", text_or_null(p.status)}, {"date", text_or_null(p.date)}, {"advisories", p.advisories}});
  Json& components = out["components"] = Json::array();
  for (const TcbExplanation::Component& c : tcb.components)
    components.push_back({{"name", c.name}, {"meaning", text_or_null(c.meaning)}, {"fixed_by", text_or_null(c.fixed_by)}, {"have", c.have}, {"need", number_or_null(c.need)},
                          {"compared", c.compared}, {"short", c.is_short()}});
  out["nearest"] = tcb.nearest ? level_json(*tcb.nearest) : Json(nullptr);
  out["goal"] = tcb.goal ? level_json(*tcb.goal) : Json(nullptr);
  out["current"] = nullptr;
  if (tcb.current) out["current"] = {{"svn", tcb.current->svn}, {"status", tcb.current->status}, {"date", text_or_null(tcb.current->date)}, {"advisories", tcb.current->advisories}};
  out["next_steps"] = tcb.next_steps;
  out["overrides"] = text_or_null(tcb.overrides);
  Json& profiles = out["profiles"] = Json::array();
  for (const TcbExplanation::Profile& p : tcb.profiles)
    profiles.push_back({{"name", p.name}, {"status", p.status}, {"library", p.library}, {"why", text_or_null(p.why)}, {"date", text_or_null(p.date)}, {"advisories", p.advisories}});
  out["differences"] = tcb.differences;
  return out;
}

}  // namespace atls::render
