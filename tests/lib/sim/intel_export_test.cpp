#include <doctest/doctest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/hex.hpp"
#include "base/json.hpp"
#include "crypto/certificate.hpp"
#include "eventlog/tcg.hpp"
#include "intel/collateral.hpp"
#include "intel/quote.hpp"
#include "pem/pem.hpp"
#include "sim/anchors_data.hpp"
#include "sim/intel_platform.hpp"
#include "support/sim_platform.hpp"

using namespace atls;
using namespace atls::test;

namespace {

std::map<std::string, Buffer> files_of(const sim::IntelPlatform& p) {
  std::map<std::string, Buffer> out;
  for (const sim::ExportFile& file : p.export_files()) {
    CHECK_FALSE(file.about.empty());
    CHECK(out.emplace(file.path, file.content).second);
  }
  return out;
}

std::vector<crypto::Certificate> certificates(Bytes pem) {
  auto out = crypto::certificates_from(pem);
  REQUIRE(out);
  return *std::move(out);
}

nlohmann::json json(Bytes text) {
  auto out = parse_json(text, "export");
  REQUIRE(out);
  return *std::move(out);
}

}  // namespace

TEST_CASE("Intel export: every layout is there and decodes to the platform") {
  for (const unsigned version : {3U, 4U, 5U}) {
    CAPTURE(version);
    const bool tdx = version != 3;
    const auto p = make_intel({.sgx = !tdx, .quote_version = tdx ? version : 4});
    auto files = files_of(*p);
    const auto quote = intel::parse_quote(files.at("quote.bin"));
    REQUIRE(quote);
    CHECK(quote->header.version == version);
    CHECK(files.at("attestation-app/quote.dat") == files.at("quote.bin"));
    CHECK(files.at("trust-anchor.der") == p->root_der());
    CHECK(certificates(files.at("trust-anchor.pem")).at(0).der() == p->root_der());
    CHECK(certificates(files.at("pck-chain.pem")).size() == 3);
    CHECK(certificates(files.at("attestation-app/pckSignChain.pem")).size() == 2);
    CHECK(certificates(files.at("attestation-app/pckCert.pem")).at(0).der() == p->pck_der());
    CHECK(certificates(files.at("attestation-app/tcbSignChain.pem")).at(0).der() == p->tcb_signer_der());
    CHECK(intel::parse_tcb_info(files.at("attestation-app/tcbInfo.json")));
    CHECK(intel::parse_qe_identity(files.at("attestation-app/qeIdentity.json")));
    CHECK(files.at("attestation-app/rootCaCrl.der") == p->root_crl_der());
    CHECK(files.at("attestation-app/intermediateCaCrl.der") == p->pck_crl_der());
    CHECK(as_text(files.at("policy.json")) == p->matching_policy());
    CHECK(files.contains("event-log.bin") == tdx);
    CHECK(files.contains("tsm/outblob") == tdx);
    if (!tdx) continue;
    CHECK(as_text(files.at("tsm/provider")) == "tdx_guest\n");
    CHECK(files.at("tsm/outblob") == files.at("quote.bin"));
    CHECK(eventlog::parse_log(files.at("event-log.bin")));
    CHECK(eventlog::parse_ccel_table(files.at("ccel-table.bin")));
    const auto evidence = json(files.at("evidence.json"));
    CHECK(*from_base64(evidence["quote"].get<std::string>()) == files.at("quote.bin"));
    CHECK(*from_base64(evidence["cc_eventlog"].get<std::string>()) == files.at("event-log.bin"));
  }
}

TEST_CASE("Intel export: the collateral file of dcap-qvl has the signed texts as they were signed") {
  for (const char* fault : {"", "tcb-info-whitespace"}) {
    const auto p = make_intel({.faults = *fault == '\0' ? std::vector<std::string>{} : std::vector<std::string>{fault}});
    const auto c = json(files_of(*p).at("collateral.json"));
    const auto info = intel::parse_tcb_info(p->tcb_info());
    const auto identity = intel::parse_qe_identity(p->qe_identity());
    REQUIRE(info);
    REQUIRE(identity);
    CHECK(c["tcb_info"] == std::string(as_text(info->signed_bytes)));
    CHECK(c["tcb_info_signature"] == hex(info->signature));
    CHECK(c["qe_identity"] == std::string(as_text(identity->signed_bytes)));
    CHECK(c["qe_identity_signature"] == hex(identity->signature));
    CHECK(c["root_ca_crl"] == hex(p->root_crl_der()));
    CHECK(c["pck_crl"] == hex(p->pck_crl_der()));
    for (const char* chain : {"pck_crl_issuer_chain", "tcb_info_issuer_chain", "qe_identity_issuer_chain"})
      CHECK(certificates(as_bytes(c[chain].get<std::string>())).size() == 2);
  }
}

TEST_CASE("Intel export: the answers for go-tdx-guest are those of the service") {
  const auto p = make_intel();
  const auto answers = json(files_of(*p).at("pcs.json"));
  struct Row { const char* url; const char* header; Buffer body; };
  for (const Row& row : {Row{"https://api.trustedservices.intel.com/tdx/certification/v4/tcb?fmspc=51d0c0ffee00", "Tcb-Info-Issuer-Chain", p->tcb_info()},
                         Row{"https://api.trustedservices.intel.com/tdx/certification/v4/qe/identity", "Sgx-Enclave-Identity-Issuer-Chain", p->qe_identity()},
                         Row{"https://api.trustedservices.intel.com/sgx/certification/v4/pckcrl?ca=platform&encoding=der", "Sgx-Pck-Crl-Issuer-Chain", p->pck_crl_der()},
                         Row{"https://certificates.trustedservices.intel.com/IntelSGXRootCA.der", "", p->root_crl_der()}}) {
    CAPTURE(row.url);
    REQUIRE(answers.contains(row.url));
    CHECK(*from_base64(answers[row.url]["body_base64"].get<std::string>()) == row.body);
    CHECK(answers[row.url]["headers"].size() == (*row.header == '\0' ? 0 : 1));
    if (*row.header != '\0') CHECK(answers[row.url]["headers"][row.header][0].get<std::string>().starts_with("-----BEGIN%20CERTIFICATE-----%0A"));
  }
  CHECK(answers.size() == 4);
}

TEST_CASE("Intel export: the trust anchor is the simulated root whatever the platform shows, and absent lists leave no file") {
  const auto foreign = make_intel({.faults = {"self-made-root"}});
  auto files = files_of(*foreign);
  CHECK(files.at("trust-anchor.der") == sim::intel_anchor(CollateralKind::intel_root));
  CHECK(certificates(files.at("attestation-app/trustedRootCaCert.pem")).at(0).der() != foreign->root_der());
  CHECK_FALSE(files_of(*make_intel({.faults = {"root-crl-absent"}})).contains("attestation-app/rootCaCrl.der"));
  CHECK_FALSE(files_of(*make_intel({.faults = {"pck-crl-absent"}})).contains("attestation-app/intermediateCaCrl.der"));
}
