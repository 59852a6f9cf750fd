// The files of a simulated Intel platform, in the layouts that other tools read.
#include "sim/intel_export.hpp"

#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/hex.hpp"
#include "intel/collateral.hpp"
#include "pem/pem.hpp"
#include "sim/anchors_data.hpp"
#include "sim/intel_event_log.hpp"
#include "sim/keys.hpp"

namespace atls::sim {
namespace {

using Json = nlohmann::ordered_json;

std::string pem_of(const Buffer& der) { return pem::encode("CERTIFICATE", der); }

// A member of a response as text; a fault may have left something that has none.
std::string member(const Buffer& response, std::string_view name) {
  const Result<Bytes> raw = intel::raw_member(response, name);
  if (!raw) return {};
  std::string_view text = as_text(*raw);
  if (text.size() >= 2 && text.front() == '"') text = text.substr(1, text.size() - 2);
  return std::string(text);
}

// QuoteCollateralV3 of dcap-qvl.
std::string quote_collateral(const IntelPlatform& p) {
  const std::string signer_chain = pem_of(p.tcb_signer_der()) + pem_of(p.root_der());
  Json out;
  out["pck_crl_issuer_chain"] = pem_of(p.pck_ca_der()) + pem_of(p.root_der());
  out["root_ca_crl"] = hex(p.root_crl_der());
  out["pck_crl"] = hex(p.pck_crl_der());
  out["tcb_info_issuer_chain"] = signer_chain;
  out["tcb_info"] = member(p.tcb_info(), "tcbInfo");
  out["tcb_info_signature"] = member(p.tcb_info(), "signature");
  out["qe_identity_issuer_chain"] = signer_chain;
  out["qe_identity"] = member(p.qe_identity(), "enclaveIdentity");
  out["qe_identity_signature"] = member(p.qe_identity(), "signature");
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
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
std::string getter_answers(const IntelPlatform& p) {
  const std::string api = "https://api.trustedservices.intel.com", tee = p.options().sgx ? "/sgx" : "/tdx";
  const std::string ca = p.processor_ca() ? "processor" : "platform";
  Json out;
  for (const auto& [host, target] : {std::pair<std::string, std::string>{api, "/sgx/certification/v4/pckcrl?ca=" + ca + "&encoding=der"},
                                     {api, tee + "/certification/v4/tcb?fmspc=" + std::string(kSimulatedFmspc)},
                                     {api, tee + "/certification/v4/qe/identity"},
                                     {"https://certificates.trustedservices.intel.com", "/IntelSGXRootCA.der"}}) {
    const HttpAnswer answer = p.answer(target);
    if (answer.status != 200) continue;
    Json& entry = out[host + target];
    entry["headers"] = Json::object();
    for (const auto& [name, value] : answer.headers) entry["headers"][canonical(name)].push_back(value);
    entry["body_base64"] = base64(answer.body);
  }
  return out.dump(2) + "\n";
}

}  // namespace

std::vector<ExportFile> intel_export_files(const IntelPlatform& p) {
  const bool tdx = !p.options().sgx;
  const Buffer quote = p.quote(derive_array<64>(p.seed(), "export-report-data"));
  const Buffer root = intel_anchor(CollateralKind::intel_root);
  const std::string chain_tail = pem_of(p.pck_ca_der()) + pem_of(p.root_der()), signer_chain = pem_of(p.tcb_signer_der()) + pem_of(p.root_der());

  std::vector<ExportFile> files;
  const auto add = [&](std::string path, std::string about, Buffer content) { files.push_back({std::move(path), std::move(about), std::move(content)}); };
  add("policy.json", "reference values of this platform without faults (atls-policy/1)", to_buffer(p.matching_policy()));
  add("trust-anchor.pem", "the simulated Intel root, always the right one (--trust-anchor)", to_buffer(pem_of(root)));
  add("trust-anchor.der", "the same in DER", root);
  add("quote.bin", tdx ? "TDX quote" : "SGX quote", quote);
  add("pck-chain.pem", "PCK certificate, its CA, root", to_buffer(pem_of(p.pck_der()) + chain_tail));
  add("collateral.json", "dcap-qvl: QuoteCollateralV3", to_buffer(quote_collateral(p)));
  add("pcs.json", "go-tdx-guest: what the services answer, by URL", to_buffer(getter_answers(p)));
  add("attestation-app/quote.dat", "Intel's AttestationApp: quote", quote);
  add("attestation-app/trustedRootCaCert.pem", "root", to_buffer(pem_of(root)));
  add("attestation-app/pckCert.pem", "PCK certificate", to_buffer(pem_of(p.pck_der())));
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
