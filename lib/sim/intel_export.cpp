// The files of a simulated Intel platform, in the layouts that other tools read.
#include "sim/intel_export.hpp"

#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/hex.hpp"
#include "base/percent.hpp"
#include "intel/bundle.hpp"
#include "intel/collateral.hpp"
#include "pem/pem.hpp"
#include "sim/anchors_data.hpp"
#include "sim/intel_event_log.hpp"
#include "sim/intel_quote_faults.hpp"
#include "sim/intel_x509.hpp"
#include "sim/keys.hpp"

namespace atls::sim {
namespace {

using Json = nlohmann::ordered_json;

// A member of a response as it is written; a fault may have left something that has none.
std::string_view member(const Buffer& response, std::string_view name) {
  const Result<Bytes> raw = intel::raw_member(response, name);
  return raw ? as_text(*raw) : std::string_view();
}

Buffer signature(const Buffer& response) {
  const std::string_view quoted = member(response, "signature");
  Result<Buffer> out = from_hex(quoted.size() < 2 ? quoted : quoted.substr(1, quoted.size() - 2));
  return out ? *std::move(out) : Buffer();
}

// The root above the signer of the collateral: the platform's, but for the fault that is about another one.
Buffer collateral_root(const IntelPlatform& p) {
  return has_fault(p.options(), "collateral-of-other-root") ? der_of(make_intel_ca(IntelCa::root, nullptr, true).get()) : p.root_der();
}

Buffer quote_collateral(const IntelPlatform& p) {
  const std::string signer_chain = certificate_pem(p.tcb_signer_der()) + certificate_pem(collateral_root(p));
  const Buffer info = p.tcb_info(), identity = p.qe_identity();
  return intel::encode_dcap_qvl({.pck_crl_issuer_chain = certificate_pem(p.pck_ca_der()) + certificate_pem(p.root_der()), .tcb_info_issuer_chain = signer_chain,
                                 .qe_identity_issuer_chain = signer_chain, .pck_certificate_chain = {}, .root_ca_crl = p.root_crl_der(), .pck_crl = p.pck_crl_der(),
                                 .tcb_info = to_buffer(member(info, "tcbInfo")), .tcb_info_signature = signature(info),
                                 .qe_identity = to_buffer(member(identity, "enclaveIdentity")), .qe_identity_signature = signature(identity)});
}

// Go stores header names in this form: each word begins with a capital letter, the rest is small.
std::string canonical(std::string name) {
  bool first = true;
  for (char& c : name) {
    if (first && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (!first && c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    first = c == '-';
  }
  return name;
}

// What the services say to the questions of go-tdx-guest, by URL.
Buffer getter_answers(const IntelPlatform& p) {
  const std::string api = "https://api.trustedservices.intel.com", tee = p.options().sgx ? "/sgx" : "/tdx";
  const std::string ca = p.processor_ca() ? "processor" : "platform";
  std::vector<intel::RecordedAnswer> out;
  for (const auto& [host, target] : {std::pair<std::string, std::string>{api, "/sgx/certification/v4/pckcrl?ca=" + ca + "&encoding=der"},
                                     {api, tee + "/certification/v4/tcb?fmspc=" + std::string(kSimulatedFmspc)},
                                     {api, tee + "/certification/v4/qe/identity"},
                                     {"https://certificates.trustedservices.intel.com", "/IntelSGXRootCA.der"}}) {
    const HttpAnswer answer = p.answer(target);
    if (answer.status != 200) continue;
    intel::RecordedAnswer& entry = out.emplace_back(intel::RecordedAnswer{host + target, {}, {}, answer.body});
    for (const auto& [name, value] : answer.headers) {
      entry.header = canonical(name);
      if (auto chain = percent_decode(value)) entry.header_value = *std::move(chain);
    }
  }
  return intel::encode_go_getter(out);
}

}  // namespace

std::vector<ExportFile> intel_export_files(const IntelPlatform& p) {
  const bool tdx = !p.options().sgx;
  const Buffer quote = p.quote(derive_array<64>(p.seed(), "export-report-data"));
  const Buffer root = intel_anchor(CollateralKind::intel_root);
  const std::string chain_tail = certificate_pem(p.pck_ca_der()) + certificate_pem(p.root_der()), signer_chain = certificate_pem(p.tcb_signer_der()) + certificate_pem(collateral_root(p));
  const bool two_roots = has_fault(p.options(), "collateral-of-other-root");

  std::vector<ExportFile> files;
  const auto add = [&](std::string path, std::string about, Buffer content) { files.push_back({std::move(path), std::move(about), std::move(content)}); };
  add("policy.json", "reference values of this platform without faults (atls-policy/1)", to_buffer(p.matching_policy()));
  add("trust-anchor.pem", "the simulated Intel root, always the right one (--trust-anchor)", to_buffer(certificate_pem(root) + (two_roots ? certificate_pem(collateral_root(p)) : "")));
  add("trust-anchor.der", "the same in DER", root);
  add("quote.bin", tdx ? "TDX quote" : "SGX quote", quote);
  add("pck-chain.pem", "PCK certificate, its CA, root", to_buffer(certificate_pem(p.pck_der()) + chain_tail));
  add("collateral.json", "dcap-qvl: QuoteCollateralV3", quote_collateral(p));
  add("pcs.json", "go-tdx-guest: what the services answer, by URL", getter_answers(p));
  add("attestation-app/quote.dat", "Intel's AttestationApp: quote", quote);
  add("attestation-app/trustedRootCaCert.pem", "root", to_buffer(certificate_pem(root)));
  add("attestation-app/pckCert.pem", "PCK certificate", to_buffer(certificate_pem(p.pck_der())));
  add("attestation-app/pckSignChain.pem", "its CA and the root", to_buffer(chain_tail));
  add("attestation-app/tcbSignChain.pem", "signer of the collateral and the root", to_buffer(signer_chain));
  add("attestation-app/tcbInfo.json", "TCB info, as the PCS sends it", p.tcb_info());
  add("attestation-app/qeIdentity.json", "QE identity, as the PCS sends it", p.qe_identity());
  if (!p.root_crl_der().empty()) add("attestation-app/rootCaCrl.der", "revocation list of the root", p.root_crl_der());
  if (!p.pck_crl_der().empty()) add("attestation-app/intermediateCaCrl.der", "revocation list of the PCK CA", p.pck_crl_der());
  if (tdx) {
    add("event-log.bin", "CCEL event log, as /sys/firmware/acpi/tables/data/CCEL gives it", p.event_log());
    add("ccel-table.bin", "the ACPI table CCEL", ccel_table());
    add("evidence.json", "Confidential Containers: quote and event log", to_buffer(Json{{"quote", base64(quote)}, {"cc_eventlog", base64(p.event_log())}}.dump(2) + "\n"));
    add("tsm/outblob", "configfs-tsm: quote", quote);
    add("tsm/provider", "configfs-tsm: name of the provider", to_buffer("tdx_guest\n"));
  }
  return files;
}

}  // namespace atls::sim
