#include <cmath>
#include <nlohmann/json.hpp>

#include "base/hex.hpp"
#include "report/definite_failures.hpp"
#include "report/render_tcb.hpp"
#include "report/renderers.hpp"

namespace atls {
namespace {

using Json = nlohmann::ordered_json;

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }
Json time_or_null(const std::optional<Time>& time) { return time ? Json(rfc3339(*time)) : Json(nullptr); }

Json subject_json(const Subject& subject) {
  const bool endpoint = subject.kind == "endpoint" || subject.kind == "peer";
  return {{"kind", subject.kind}, {endpoint ? "target" : "file", subject.name}, {"sha256", text_or_null(subject.sha256)}};
}

Json tls_json(const TlsInfo& tls) {
  return {{"version", tls.version}, {"cipher", tls.cipher}, {"group", text_or_null(tls.group)}, {"alpn", text_or_null(tls.alpn)},
          {"resumed", tls.resumed}, {"sni", text_or_null(tls.sni)}};
}

Json binding_json(const BindingInfo& binding) {
  Json inputs = Json::object();
  for (const auto& [name, hex_value] : binding.inputs) inputs[name] = hex_value;
  return {{"level", binding_level_name(binding.level)}, {"formula", text_or_null(binding.formula)}, {"inputs", inputs}, {"value", text_or_null(binding.value)}};
}

Json check_json(const CheckResult& check) {
  return {{"id", check.spec->id}, {"outcome", outcome_name(check.outcome)}, {"title", check.spec->title}, {"expected", text_or_null(check.expected)},
          {"actual", text_or_null(check.actual)}, {"detail", check.detail}, {"reference", check.spec->reference}, {"signed_by", text_or_null(check.signed_by)}};
}

Json value_json(const Claim& claim) {
  struct Visitor {
    Json operator()(std::monostate) const { return nullptr; }
    Json operator()(bool v) const { return v; }
    Json operator()(std::uint64_t v) const { return v; }
    Json operator()(const std::string& v) const { return v; }
    Json operator()(const Buffer& v) const { return hex(v); }
  };
  return std::visit(Visitor{}, claim.value);
}

// ASCII only, so that nothing from a peer reaches a terminal unescaped; invalid UTF-8 becomes U+FFFD.
std::string dump(const Json& value, int indent) { return value.dump(indent, ' ', true, Json::error_handler_t::replace); }

}  // namespace

nlohmann::ordered_json claim_json(const Claim& claim) {
  Json out{{"name", claim.name}, {"value", value_json(claim)}};
  if (!claim.meaning.empty()) out["meaning"] = claim.meaning;
  if (claim.offset) {
    out["offset"] = *claim.offset;
    out["size"] = claim.size;
  }
  if (claim.bytes) out["space"] = claim.bytes->size();
  if (!claim.error.empty()) out["error"] = claim.error;
  if (!claim.children.empty()) {
    Json children = Json::array();
    for (const Claim& child : claim.children) children.push_back(claim_json(child));
    out["children"] = std::move(children);
  }
  return out;
}

nlohmann::ordered_json report_json(const Report& report) {
  Json out;
  out["schema"] = "atls-report/1";
  out["tool"] = report.tool;
  out["version"] = report.version;
  out["time"] = rfc3339(report.time);
  out["time_source"] = report.time_source;
  out["subject"] = subject_json(report.subject);
  out["profile"] = text_or_null(report.profile);
  out["tls"] = report.tls ? tls_json(*report.tls) : Json(nullptr);
  out["binding"] = report.binding ? binding_json(*report.binding) : Json(nullptr);
  out["freshness"] = nullptr;
  if (report.freshness)
    out["freshness"] = {{"proven", report.freshness->proven}, {"source", report.freshness->source}, {"nonce", text_or_null(report.freshness->nonce)}};
  Json& evidence = out["evidence"] = Json::array();
  for (const EvidenceInfo& e : report.evidence)
    evidence.push_back({{"format", e.format}, {"platform", text_or_null(e.platform)}, {"simulated", e.simulated}, {"claims", claim_json(e.claims)}});
  Json& checks = out["checks"] = Json::array();
  for (const CheckResult& check : report.checks) checks.push_back(check_json(check));
  Json& not_checked = out["not_checked"] = Json::array();
  for (const NotChecked& n : report.not_checked()) not_checked.push_back({{"id", n.id}, {"why", n.why}});
  out["not_proven"] = report.not_proven;
  // The verdict has room for one reason; what a reader of it alone must not miss stands first here.
  if (const std::string also = definite_failures_sentence(report); !also.empty()) out["not_proven"].insert(out["not_proven"].begin(), also);
  Json& collateral = out["collateral"] = Json::array();
  for (const CollateralInfo& c : report.collateral)
    collateral.push_back({{"kind", c.kind}, {"source", c.source}, {"this_update", time_or_null(c.this_update)},
                          {"next_update", time_or_null(c.next_update)}, {"sha256", text_or_null(c.sha256)}});
  out["tcb"] = report.tcb ? render::tcb_json(*report.tcb) : Json(nullptr);
  Json& timing = out["timing_ms"] = Json::object();
  for (const auto& [name, ms] : report.timing_ms) timing[name] = std::round(ms * 1000) / 1000;
  out["verdict"] = nullptr;
  if (report.verdict)
    out["verdict"] = {{"result", report.verdict->result}, {"reason", text_or_null(report.verdict->reason)}, {"exit_code", static_cast<int>(report.verdict->code)}};
  return out;
}

namespace render {

std::string json(std::span<const Report> reports, const RenderOptions&) {
  if (reports.size() == 1) return dump(report_json(reports.front()), 2) + '\n';
  Json all = Json::array();
  for (const Report& report : reports) all.push_back(report_json(report));
  return dump(all, 2) + '\n';
}

std::string jsonl(std::span<const Report> reports, const RenderOptions&) {
  std::string out;
  for (const Report& report : reports) out += dump(report_json(report), -1) + '\n';
  return out;
}

}  // namespace render
}  // namespace atls
