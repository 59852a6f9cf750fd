#include "sim/pcs_answer.hpp"

#include <charconv>
#include <map>
#include <optional>

#include "base/hex.hpp"
#include "base/percent.hpp"
#include "pem/pem.hpp"
#include "sim/anchors_data.hpp"
#include "sim/intel_collateral.hpp"
#include "sim/intel_x509.hpp"

namespace atls::sim {
namespace {

using Query = std::map<std::string, std::string, std::less<>>;

constexpr std::string_view kJson = "application/json", kDer = "application/pkix-crl", kPem = "application/x-pem-file";
constexpr std::string_view kTcbChain = "TCB-Info-Issuer-Chain", kCrlChain = "SGX-PCK-CRL-Issuer-Chain", kIdentityChain = "SGX-Enclave-Identity-Issuer-Chain";

HttpAnswer found(std::string_view type, Buffer body) { return {200, std::string(type), std::move(body), {}}; }
HttpAnswer found(std::string_view type, Buffer body, std::string_view header, std::initializer_list<Buffer> chain) {
  HttpAnswer out = found(type, std::move(body));
  std::string pem;
  for (const Buffer& der : chain) pem += pem::encode("CERTIFICATE", der);
  out.headers.emplace_back(header, percent_encode(pem));
  return out;
}

// Empty: a parameter without value, twice, or badly encoded.
std::optional<Query> parse_query(std::string_view text) {
  Query out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view part = text.substr(0, end);
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    Result<std::string> value = percent_decode(part.substr(equals + 1));
    if (!value || !out.emplace(part.substr(0, equals), *std::move(value)).second) return std::nullopt;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string_view value_of(const Query& query, std::string_view name) {
  const auto at = query.find(name);
  return at == query.end() ? std::string_view() : std::string_view(at->second);
}

// "update" and "tcbEvaluationDataNumber" exclude each other; one number is served.
std::optional<HttpAnswer> refused_version(const Query& query) {
  const std::string_view update = value_of(query, "update"), number = value_of(query, "tcbEvaluationDataNumber");
  if (!update.empty() && update != "early" && update != "standard") return refuse(400, "update is early or standard");
  if (number.empty()) return std::nullopt;
  if (!update.empty()) return refuse(400, "update and tcbEvaluationDataNumber exclude each other");
  unsigned value = 0;
  const auto parsed = std::from_chars(number.data(), number.data() + number.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != number.data() + number.size()) return refuse(400, "tcbEvaluationDataNumber is a number");
  if (value == kEvaluationNumber) return std::nullopt;
  return value < kEvaluationNumber ? refuse(410, "no longer served") : refuse(404, "no such number");
}

HttpAnswer pck_crl(const IntelPlatform& platform, const Query& query) {
  const std::string_view ca = value_of(query, "ca"), encoding = value_of(query, "encoding");
  if (ca != "platform" && ca != "processor") return refuse(400, "ca is platform or processor");
  if (!encoding.empty() && encoding != "pem" && encoding != "der") return refuse(400, "encoding is pem or der");
  const bool processor = ca == "processor", own = processor == platform.processor_ca();   // the other authority has no faults
  const IntelVariant other{.processor_ca = processor};
  const Buffer crl = own ? platform.pck_crl_der() : intel_anchor(CollateralKind::intel_pck_crl, other);
  const Buffer issuer = own ? platform.pck_ca_der() : intel_anchor(CollateralKind::intel_pck_ca, other);
  if (crl.empty()) return refuse(404, "no such list");
  const bool der = encoding == "der";
  return found(der ? kDer : kPem, der ? crl : to_buffer(pem::encode("X509 CRL", crl)), kCrlChain, {issuer, platform.root_der()});
}

HttpAnswer tcb_info_answer(const IntelPlatform& platform, bool tdx, const Query& query) {
  if (auto no = refused_version(query)) return *std::move(no);
  const std::string_view fmspc = value_of(query, "fmspc");
  const Result<Buffer> asked = from_hex_of_size(fmspc, 6, "fmspc");
  if (!asked) return refuse(400, "fmspc has 12 hexadecimal digits");
  if (hex(*asked) != kSimulatedFmspc) return refuse(404, "no such FMSPC");
  const bool own = tdx != platform.options().sgx;                                         // the other TEE has no faults
  const IntelOptions fault_free{.sgx = !tdx};
  const Buffer body = own && fmspc == kSimulatedFmspc ? platform.tcb_info() : to_buffer(make_tcb_info(own ? platform.options() : fault_free, fmspc));
  return found(kJson, body, kTcbChain, {own ? platform.tcb_signer_der() : intel_anchor(CollateralKind::intel_tcb_signer), platform.root_der()});
}

HttpAnswer qe_identity_answer(const IntelPlatform& platform, bool tdx, const Query& query) {
  if (auto no = refused_version(query)) return *std::move(no);
  const bool own = tdx != platform.options().sgx;
  return found(kJson, own ? platform.qe_identity() : intel_anchor(CollateralKind::intel_qe_identity, {.tdx = tdx}), kIdentityChain,
               {own ? platform.tcb_signer_der() : intel_anchor(CollateralKind::intel_tcb_signer), platform.root_der()});
}

HttpAnswer root_crl(const IntelPlatform& platform, bool as_text) {
  const Buffer crl = platform.root_crl_der();
  if (crl.empty()) return refuse(404, "no such list");
  return found(kDer, as_text ? to_buffer(hex(crl)) : crl);
}

HttpAnswer any_crl(const IntelPlatform& platform, std::string_view uri) {
  if (uri == kIntelRootCrlUrl) return root_crl(platform, false);
  for (const bool processor : {false, true})
    if (uri == pck_crl_url(processor)) {
      HttpAnswer out = pck_crl(platform, {{"ca", processor ? "processor" : "platform"}, {"encoding", "der"}});
      out.headers.clear();
      return out;
    }
  return refuse(404, "no such list");
}

}  // namespace

HttpAnswer pcs_answer(const IntelPlatform& platform, std::string_view target) {
  const std::size_t question = target.find('?');
  const std::string_view path = target.substr(0, question);
  const std::optional<Query> query = parse_query(question == std::string_view::npos ? std::string_view() : target.substr(question + 1));
  if (!query) return refuse(400, "bad query");
  if (path == "/IntelSGXRootCA.der") return root_crl(platform, false);
  constexpr std::string_view kSgx = "/sgx/certification/v4/", kTdx = "/tdx/certification/v4/";
  const bool tdx = path.starts_with(kTdx);
  if (!tdx && !path.starts_with(kSgx)) return path.find("/certification/v3/") != std::string_view::npos ? refuse(410, "version 3 has ended") : refuse(404, "no such path");
  const std::string_view what = path.substr(kSgx.size());
  if (what == "tcb") return tcb_info_answer(platform, tdx, *query);
  if (what == "qe/identity") return qe_identity_answer(platform, tdx, *query);
  if (tdx) return refuse(404, "no such path");
  if (what == "pckcrl") return pck_crl(platform, *query);
  if (what == "rootcacrl") return root_crl(platform, true);                               // PCCS: text
  if (what == "crl") return any_crl(platform, value_of(*query, "uri"));
  return refuse(404, "no such path");
}

}  // namespace atls::sim
