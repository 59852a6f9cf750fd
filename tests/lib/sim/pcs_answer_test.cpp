#include "sim/pcs_answer.hpp"

#include <doctest/doctest.h>

#include "base/hex.hpp"
#include "crypto/certificate.hpp"
#include "intel/collateral.hpp"
#include "pem/pem.hpp"
#include "sim/anchors_data.hpp"
#include "support/sim_platform.hpp"

using namespace atls;
using namespace atls::test;

namespace {

std::string pcs_answer_header(const sim::HttpAnswer& answer, std::string_view name) {
  for (const auto& [key, value] : answer.headers)
    if (key == name) return value;
  return {};
}

}  // namespace

TEST_CASE("simulated PCS: every object is at its path") {
  const auto p = make_intel();
  const std::string crls = "/sgx/certification/v4/pckcrl?ca=", root = "https%3A%2F%2Fcertificates.trustedservices.intel.com%2FIntelSGXRootCA.der";
  struct Row { std::string path; Buffer body; const char* header; };
  for (const Row& row : {Row{"/tdx/certification/v4/tcb?fmspc=51d0c0ffee00", p->tcb_info(), "TCB-Info-Issuer-Chain"},
                         Row{"/tdx/certification/v4/tcb?fmspc=51d0c0ffee00&update=early", p->tcb_info(), "TCB-Info-Issuer-Chain"},
                         Row{"/tdx/certification/v4/tcb?fmspc=51d0c0ffee00&tcbEvaluationDataNumber=18", p->tcb_info(), "TCB-Info-Issuer-Chain"},
                         Row{"/tdx/certification/v4/qe/identity", p->qe_identity(), "SGX-Enclave-Identity-Issuer-Chain"},
                         Row{"/tdx/certification/v4/qe/identity?update=standard", p->qe_identity(), "SGX-Enclave-Identity-Issuer-Chain"},
                         Row{"/sgx/certification/v4/qe/identity", sim::intel_anchor(CollateralKind::intel_qe_identity), "SGX-Enclave-Identity-Issuer-Chain"},
                         Row{crls + "platform&encoding=der", p->pck_crl_der(), "SGX-PCK-CRL-Issuer-Chain"},
                         Row{crls + "platform", to_buffer(pem::encode("X509 CRL", p->pck_crl_der())), "SGX-PCK-CRL-Issuer-Chain"},
                         Row{crls + "processor&encoding=der", sim::intel_anchor(CollateralKind::intel_pck_crl, {.processor_ca = true}), "SGX-PCK-CRL-Issuer-Chain"},
                         Row{"/sgx/certification/v4/rootcacrl", to_buffer(hex(p->root_crl_der())), ""}, Row{"/IntelSGXRootCA.der", p->root_crl_der(), ""},
                         Row{"/sgx/certification/v4/crl?uri=" + root, p->root_crl_der(), ""},
                         Row{"/sgx/certification/v4/crl?uri=https://certificates.trustedservices.intel.com/IntelSGXRootCA.der", p->root_crl_der(), ""}}) {
    CAPTURE(row.path);
    const sim::HttpAnswer answer = p->answer(row.path);
    CHECK(answer.status == 200);
    CHECK(answer.body == row.body);
    CHECK(answer.headers.size() == (*row.header == '\0' ? 0 : 1));
    if (*row.header != '\0') CHECK(pcs_answer_header(answer, row.header).starts_with("-----BEGIN%20CERTIFICATE-----%0A"));
  }
}

TEST_CASE("simulated PCS: the signed FMSPC has the letter case of the question") {
  const auto p = make_intel();
  for (const char* fmspc : {"51d0c0ffee00", "51D0C0FFEE00", "51d0C0fFeE00"}) {
    const auto info = intel::parse_tcb_info(p->answer(std::string("/tdx/certification/v4/tcb?fmspc=") + fmspc).body);
    REQUIRE(info);
    CHECK(info->fmspc == fmspc);
  }
}

TEST_CASE("simulated PCS: what the real service refuses is refused") {
  const auto p = make_intel();
  struct Row { const char* path; int status; };
  for (const Row& row : {Row{"/tdx/certification/v4/tcb?fmspc=50806f000000", 404}, Row{"/tdx/certification/v4/tcb?fmspc=51d0c0ffee", 400}, Row{"/tdx/certification/v4/tcb", 400},
                         Row{"/tdx/certification/v4/tcb?fmspc=51d0c0ffee00&fmspc=51d0c0ffee00", 400}, Row{"/tdx/certification/v4/tcb?fmspc=51d0c0ffee00&update=late", 400},
                         Row{"/tdx/certification/v4/tcb?fmspc=51d0c0ffee00&update=early&tcbEvaluationDataNumber=18", 400},
                         Row{"/tdx/certification/v4/tcb?fmspc=51d0c0ffee00&tcbEvaluationDataNumber=17", 410}, Row{"/tdx/certification/v4/tcb?fmspc=51d0c0ffee00&tcbEvaluationDataNumber=99", 404},
                         Row{"/tdx/certification/v4/qe/identity?tcbEvaluationDataNumber=x", 400}, Row{"/sgx/certification/v4/pckcrl", 400}, Row{"/sgx/certification/v4/pckcrl?ca=root", 400},
                         Row{"/sgx/certification/v4/pckcrl?ca=platform&encoding=xml", 400}, Row{"/sgx/certification/v3/tcb?fmspc=51d0c0ffee00", 410}, Row{"/tdx/certification/v4/rootcacrl", 404},
                         Row{"/sgx/certification/v4/crl?uri=https://elsewhere/", 404}, Row{"/sgx/certification/v4/crl", 404}, Row{"/", 404}, Row{"", 404}, Row{"/sgx/certification/v4/", 404},
                         Row{"/sgx/certification/v4/pckcert?qeid=1", 404}, Row{"/vcek/v1/Milan/crl", 404}}) {
    CAPTURE(row.path);
    CHECK(p->answer(row.path).status == row.status);
  }
}

TEST_CASE("simulated PCS: an absent list is not found, and only the platform's own objects have its faults") {
  const auto p = make_intel({.faults = {"root-crl-absent", "pck-crl-absent", "platform-revoked", "qe-revoked"}});
  for (const char* path : {"/IntelSGXRootCA.der", "/sgx/certification/v4/rootcacrl", "/sgx/certification/v4/pckcrl?ca=platform&encoding=der",
                           "/sgx/certification/v4/crl?uri=https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"})
    CHECK(p->answer(path).status == 404);
  CHECK(p->answer("/sgx/certification/v4/pckcrl?ca=processor&encoding=der").status == 200);
  CHECK(intel::parse_tcb_info(p->answer("/tdx/certification/v4/tcb?fmspc=51D0C0FFEE00").body)->levels.front().status == "Revoked");
  CHECK(intel::parse_tcb_info(p->answer("/sgx/certification/v4/tcb?fmspc=51D0C0FFEE00").body)->levels.front().status == "UpToDate");
  CHECK(intel::parse_qe_identity(p->answer("/tdx/certification/v4/qe/identity").body)->levels.front().status == "Revoked");
  CHECK(intel::parse_qe_identity(p->answer("/sgx/certification/v4/qe/identity").body)->levels.front().status == "UpToDate");
}
