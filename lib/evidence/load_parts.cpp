#include "evidence/load_parts.hpp"

#include <fstream>

#include "azure/hcl.hpp"
#include "evidence/input_kind.hpp"
#include "evidence/intel_keys.hpp"
#include "evidence/memo.hpp"
#include "evidence/snp_claims.hpp"
#include "evidence/text_damage.hpp"
#include "intel/pck.hpp"

namespace atls::evidence {

namespace {

std::optional<CollateralKind> intel_kind(const crypto::Certificate& x) {
  const std::string cn = x.subject_cn();
  if (x.extension(intel::kPckExtensionOid) != nullptr || cn == kIntelPckCn) return CollateralKind::intel_pck;
  if (cn == kIntelPlatformCaCn || cn == kIntelProcessorCaCn) return CollateralKind::intel_pck_ca;
  if (cn == kIntelRootCn) return CollateralKind::intel_root;
  if (cn == kIntelTcbSignerCn) return CollateralKind::intel_tcb_signer;
  return std::nullopt;
}

}  // namespace

std::optional<CollateralKind> endorsement_kind(Bytes der) {
  const auto certificate = decode_certificate(der);
  if (!certificate) return std::nullopt;
  if (const auto kind = intel_kind(*certificate)) return kind;
  const std::string cn = certificate->subject_cn();
  if (cn == "SEV-VCEK") return CollateralKind::amd_vcek;
  if (cn == "SEV-VLEK") return CollateralKind::amd_vlek;
  struct Row { std::string_view prefix; CollateralKind kind; };
  for (const Row& row : {Row{"ARK-", CollateralKind::amd_ark}, Row{"SEV-VLEK-", CollateralKind::amd_asvk}, Row{"SEV-", CollateralKind::amd_ask}}) {
    if (!cn.starts_with(row.prefix)) continue;
    const std::string rest = cn.substr(row.prefix.size());
    const auto line = snp::product_from_name(rest);
    if (line && snp::product_name(*line) == rest) return row.kind;
  }
  return std::nullopt;
}

CollateralKind crl_kind(Bytes der) {
  const auto crl = decode_crl(der);
  if (!crl) return CollateralKind::amd_crl;
  const std::string cn = crl->issuer_cn();
  if (cn == kIntelRootCn) return CollateralKind::intel_root_crl;
  if (cn == kIntelPlatformCaCn || cn == kIntelProcessorCaCn) return CollateralKind::intel_pck_crl;
  return CollateralKind::amd_crl;
}

namespace loading {

void set_error(Loaded& out, Error error) {
  if (!out.error) out.error = std::move(error);
}

void take_certificate(Loaded& out, Bytes der) {
  if (out.kind == InputKind::unknown || out.kind == InputKind::crl) out.kind = InputKind::certificate;
  Claim claims = certificate_claims(der, "certificate");
  if (decode_certificate(der)) out.certificates.push_back(to_buffer(der));
  else set_error(out, {Errc::bad_value, "certificate[" + std::to_string(out.certificates.size()) + "]", claims.error, 0});
  out.claims.add(std::move(claims));
}

void take_crl(Loaded& out, Bytes der) {
  if (out.kind == InputKind::unknown) out.kind = InputKind::crl;
  Claim claims = crl_claims(der, "crl");
  if (decode_crl(der)) out.crls.push_back(to_buffer(der));
  else set_error(out, {Errc::bad_value, "crl[" + std::to_string(out.crls.size()) + "]", claims.error, 0});
  out.claims.add(std::move(claims));
}

void take_only_evidence(Loaded& out, Evidence evidence) {
  if (out.evidence) return set_error(out, {Errc::bad_value, "input", "holds more than one piece of evidence, expected one per file", 0});
  out.evidence = std::move(evidence);
}

void take_evidence(Loaded& out, Evidence evidence, InputKind kind) {
  if (out.evidence) return take_only_evidence(out, std::move(evidence));   // the error
  out.kind = kind;
  Claim claims = evidence_claims(evidence);
  out.claims.meaning = claims.meaning;
  for (Claim& c : claims.children) out.claims.add(std::move(c));
  if (auto damage = text_damage(evidence)) {   // a better answer than where the decoder stumbled
    set_error(out, {Errc::bad_value, "input", *damage, 0});
    evidence.decode_error = std::move(damage);
  }
  take_only_evidence(out, std::move(evidence));
}

Evidence snp_evidence(Bytes bytes) {
  Evidence e;
  e.format = "snp";
  e.data = to_buffer(bytes);
  if (bytes.size() <= snp::kReportSize || !reads_as_table(bytes.subspan(snp::kReportSize))) return e;
  e.container = "extended";
  e.data = to_buffer(bytes.first(snp::kReportSize));
  e.aux = to_buffer(bytes.subspan(snp::kReportSize));
  return e;
}

Evidence hcl_evidence(Bytes bytes) {
  Evidence e;
  e.format = "snp";
  e.container = "hcl";
  e.hcl = to_buffer(bytes);
  const auto hcl = azure::parse_hcl(bytes);
  if (!hcl) {
    e.decode_error = hcl.error().message();
    return e;
  }
  e.data = hcl->hardware_report;
  if (hcl->report_type == static_cast<std::uint32_t>(azure::HclReportType::snp)) return e;
  const bool tdx = hcl->report_type == static_cast<std::uint32_t>(azure::HclReportType::tdx);
  e.format = tdx ? "tdx" : "tvm";
  e.decode_error = tdx ? "Azure HCL report of a TDX guest (report type 4): no SEV-SNP evidence, and a TDREPORT is not signed"
                       : "Azure HCL report without a hardware report (report type 3)";
  return e;
}

Result<Buffer> read_file(const std::filesystem::path& path, std::size_t limit) {
  std::error_code ec;
  const auto status = std::filesystem::status(path, ec);
  if (status.type() == std::filesystem::file_type::not_found) return Error{Errc::not_found, path.string(), "no such file", 0};
  if (ec) return Error{Errc::io, path.string(), ec.message(), 0};
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error{Errc::io, path.string(), "cannot be opened for reading", 0};
  Buffer out;
  char chunk[65536];
  while (in.read(chunk, sizeof chunk) || in.gcount() > 0) {
    out.insert(out.end(), chunk, chunk + in.gcount());
    if (out.size() > limit) return Error{Errc::too_large, path.string(), "larger than " + std::to_string(limit) + " bytes", 0};
  }
  if (in.bad()) return Error{Errc::io, path.string(), "read error", 0};
  return out;
}

}  // namespace loading
}  // namespace atls::evidence
