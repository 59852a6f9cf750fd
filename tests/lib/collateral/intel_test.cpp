// Intel's objects by content, and directories and files that hold them.
#include "collateral/intel.hpp"

#include <doctest/doctest.h>

#include "base/hex.hpp"
#include "base/percent.hpp"
#include "collateral/bundle_yaml.hpp"
#include "collateral/providers.hpp"
#include "intel/bundle.hpp"
#include "intel/collateral.hpp"
#include "pem/pem.hpp"
#include "support/intel_samples.hpp"
#include "support/intel_world.hpp"
#include "support/temp_dir.hpp"

using namespace atls;
using namespace atls::test;
using enum atls::CollateralKind;

namespace {

CollateralQuery query(CollateralKind kind) { return {.kind = kind, .fmspc = IntelWorld::kFmspc, .tdx = true}; }

CollateralAnswer intel_ask(const std::filesystem::path& path, CollateralKind kind) {
  const auto provider = directory_provider(path);
  REQUIRE_MESSAGE(provider, provider.error().message());
  return (*provider)->find(query(kind));
}

constexpr CollateralKind kAll[] = {intel_pck, intel_pck_ca, intel_root, intel_tcb_signer, intel_root_crl, intel_pck_crl, intel_tcb_info, intel_qe_identity};
constexpr CollateralKind kOfBundle[] = {intel_pck_ca, intel_root, intel_tcb_signer, intel_root_crl, intel_pck_crl, intel_tcb_info, intel_qe_identity};

intel::QuoteCollateral collateral_of(const IntelWorld& world) {
  intel::QuoteCollateral c;
  c.pck_crl_issuer_chain = pem_of({world.platform_ca(), world.root()});
  c.tcb_info_issuer_chain = c.qe_identity_issuer_chain = pem_of({world.tcb_signer(), world.root()});
  c.root_ca_crl = world.root_crl();
  c.pck_crl = world.pck_crl();
  const auto tcb = intel::parse_tcb_info(world.tcb_info());
  const auto qe = intel::parse_qe_identity(world.qe_identity());
  c.tcb_info = tcb->signed_bytes;
  c.tcb_info_signature = to_buffer(tcb->signature);
  c.qe_identity = qe->signed_bytes;
  c.qe_identity_signature = to_buffer(qe->signature);
  return c;
}

std::string indented(const std::string& text) {
  std::string out = "  ";
  for (std::size_t i = 0; i < text.size(); ++i) out += text[i] == '\n' && i + 1 < text.size() ? "\n  " : std::string(1, text[i]);
  return out;
}
std::string quoted(Bytes text) {
  std::string out = "\"";
  for (const char c : as_text(text)) out += c == '"' ? std::string("\\\"") : std::string(1, c);
  return out + "\"";
}
std::string yaml_of(const intel::QuoteCollateral& c) {
  return "pck_crl_issuer_chain: |\n" + indented(c.pck_crl_issuer_chain) + "root_ca_crl: >-\n  " + hex(c.root_ca_crl) + "\npck_crl: " + hex(c.pck_crl) + "\ntcb_info_issuer_chain: |\n" +
         indented(c.tcb_info_issuer_chain) + "tcb_info: " + quoted(c.tcb_info) + "\ntcb_info_signature: " + hex(c.tcb_info_signature) + "\nqe_identity_issuer_chain: |\n" +
         indented(c.qe_identity_issuer_chain) + "qe_identity: " + quoted(c.qe_identity) + "\nqe_identity_signature: " + hex(c.qe_identity_signature) + "\n";
}

}  // namespace

TEST_CASE("intel objects: certificates and CRLs by name, documents by member") {
  const IntelWorld world;
  struct Row { Buffer data; CollateralKind kind; bool processor, tdx; };
  for (const Row& row : {Row{world.root(), intel_root, false, false}, Row{world.platform_ca(), intel_pck_ca, false, false}, Row{world.processor_ca(), intel_pck_ca, true, false},
                         Row{world.tcb_signer(), intel_tcb_signer, false, false}, Row{world.pck(), intel_pck, false, false}, Row{world.root_crl(), intel_root_crl, false, false},
                         Row{world.pck_crl(), intel_pck_crl, false, false}, Row{world.pck_crl(true), intel_pck_crl, true, false}, Row{world.tcb_info(), intel_tcb_info, false, true},
                         Row{world.qe_identity(), intel_qe_identity, false, true}}) {
    CAPTURE(collateral_kind_name(row.kind));
    const auto object = identify(row.data);
    REQUIRE_MESSAGE(object, object.error().message());
    CHECK(object->kind == row.kind);
    CHECK(object->processor_ca == row.processor);
    CHECK(object->tdx == row.tdx);
    CHECK(object->data == row.data);
    CHECK(object->flaw.empty());
    CHECK(fits(*object, {.kind = row.kind, .fmspc = "90C06F010203", .tdx = row.tdx, .processor_ca = row.processor}) == Fit::exact);
    CHECK(fits(*object, {.kind = amd_vcek}) == Fit::no);
  }
  CHECK(identify(world.tcb_info())->fmspc == IntelWorld::kFmspc);
  CHECK(identify(world.pck())->fmspc == IntelWorld::kFmspc);
  CHECK(identify(world.tcb_info())->next_update == parse_rfc3339("2026-02-01T03:04:05Z"));
}

TEST_CASE("intel objects: another platform, TEE or CA is the kind only, and is described") {
  const IntelWorld world;
  struct Row { Buffer data; CollateralQuery query; const char* said; };
  for (const Row& row : {Row{world.tcb_info(), {.kind = intel_tcb_info, .fmspc = "00906ed50000", .tdx = true}, "expected FMSPC 00906ed50000, found 90c06f010203"},
                         Row{world.tcb_info(), {.kind = intel_tcb_info, .fmspc = IntelWorld::kFmspc}, "expected that of SGX, found that of TDX"},
                         Row{world.qe_identity(), {.kind = intel_qe_identity}, "expected that of SGX"}, Row{world.pck_crl(true), {.kind = intel_pck_crl}, "expected that of the Platform CA"},
                         Row{world.platform_ca(), {.kind = intel_pck_ca, .processor_ca = true}, "found that of the Platform CA"}}) {
    CAPTURE(row.said);
    const auto object = identify(row.data);
    REQUIRE(object);
    CHECK(fits(*object, row.query) == Fit::kind_only);
    CHECK(describe_misfit(*object, row.query).find(row.said) != std::string::npos);
  }
}

TEST_CASE("intel objects: what is nobody's or damaged is refused, a damaged document keeps its kind") {
  const IntelWorld world;
  const auto key = ec_key("P-256");
  for (const char* cn : {"Intel SGX Root CA 2", "Intel SGX", "intel sgx root ca", "Intel SGX TCB Signing "})
    CHECK_FALSE(identify(make_certificate({.subject = name(cn), .issuer = name(cn), .sign = Sign::ecdsa}, *key, *key)));
  CHECK_FALSE(identify(make_crl({.issuer = name("Intel SGX TCB Signing"), .sign = Sign::ecdsa}, *key)));
  Buffer cut = world.root();
  cut.pop_back();
  CHECK_FALSE(identify(cut));
  for (const char* text : {"{", "{}", "[]", R"({"tcbInfo":{},"tcbInfo":{}})", R"({"enclaveIdentity":{"id":"QVE"}})"}) {
    CAPTURE(text);
    CHECK_FALSE(identify(as_bytes(text)));
  }
  for (const char* text : {R"({"tcbInfo":{"id":"TDX","fmspc":"90C06F010203"},"signature":"00"})", R"({"tcbInfo":7})", R"({"enclaveIdentity":[],"signature":1})",
                           R"({"tcbInfo":{"fmspc":12345678901234567890123456789}})"}) {
    CAPTURE(text);
    const auto object = identify(as_bytes(text));
    REQUIRE(object);
    CHECK_FALSE(object->flaw.empty());
  }
  CHECK(fits(*identify(as_bytes(R"({"tcbInfo":{"id":"TDX","fmspc":"90C06F010203"}})")), query(intel_tcb_info)) == Fit::exact);
}

TEST_CASE("intel directory: loose files in any encoding and under any name") {
  const IntelWorld world;
  const TempDir dir;
  dir.write("trustedRootCaCert.pem", as_bytes(pem_of({world.root()})));
  dir.write("pckSignChain.pem", as_bytes(pem_of({world.platform_ca(), world.root()})));
  dir.write("pckCert.pem", as_bytes(pem_of({world.pck()})));
  dir.write("tcb_chain.txt", as_bytes(percent_encode(pem_of({world.tcb_signer(), world.root()})) + "\n"));
  dir.write("tcbInfo.json", world.tcb_info());
  dir.write("sgx/certification/v4/qe/identity", world.qe_identity());
  dir.write("rootCaCrl.crl", as_bytes(hex(world.root_crl()) + "\n"));
  dir.write("sgx/certification/v4/pckcrl?ca=platform", as_bytes(pem::encode("X509 CRL", world.pck_crl())));
  dir.write("policy.json", as_bytes(R"({"schema":"atls-policy/1"})"));
  dir.write("README", as_bytes("text"));
  for (const CollateralKind kind : kAll) {
    CAPTURE(collateral_kind_name(kind));
    const CollateralAnswer answer = intel_ask(dir.path(), kind);
    CHECK_FALSE(answer.items.empty());
    CHECK(answer.misses.empty());
    for (const CollateralItem& item : answer.items) CHECK(item.kind == kind);
  }
  CHECK(intel_ask(dir.path(), intel_tcb_info).items[0].data == world.tcb_info());
  CHECK(intel_ask(dir.path(), intel_root_crl).items[0].data == world.root_crl());
}

TEST_CASE("intel directory: each bundle of other programs as one file, with chains and the signed texts as they were") {
  const IntelWorld world;
  const intel::QuoteCollateral c = collateral_of(world);
  const std::string tcb_chain = c.tcb_info_issuer_chain, ca_chain = c.pck_crl_issuer_chain;
  struct Row { const char* file; Buffer content; };
  for (const Row& row : {Row{"collateral.json", intel::encode_dcap_qvl(c)}, Row{"collateral.yaml", to_buffer(yaml_of(c))},
                         Row{"getter.json", intel::encode_go_getter({{"https://a/tcb", "Tcb-Info-Issuer-Chain", tcb_chain, world.tcb_info()},
                                                                     {"https://a/qe", "Sgx-Enclave-Identity-Issuer-Chain", tcb_chain, world.qe_identity()},
                                                                     {"https://a/pckcrl", "Sgx-Pck-Crl-Issuer-Chain", ca_chain, world.pck_crl()},
                                                                     {"https://b/root", "", "", world.root_crl()}})}}) {
    CAPTURE(row.file);
    const TempDir dir;
    const auto file = dir.write(row.file, row.content);
    for (const auto& path : {dir.path(), file}) {
      for (const CollateralKind kind : kOfBundle) {
        CAPTURE(collateral_kind_name(kind));
        const CollateralAnswer answer = intel_ask(path, kind);
        REQUIRE(answer.items.size() == 1);
        CHECK(answer.items[0].origin == file.string());
      }
      const CollateralItem tcb = intel_ask(path, intel_tcb_info).items[0];
      CHECK(intel::parse_tcb_info(tcb.data)->signed_bytes == c.tcb_info);
      CHECK(tcb.issuer_chain.size() == 2);
      CHECK(tcb.issuer_chain[0] == world.tcb_signer());
      CHECK(intel_ask(path, intel_pck_crl).items[0].issuer_chain[0] == world.platform_ca());
    }
  }
}

TEST_CASE("intel directory: what does not fit is offered for an explanation, what is damaged is told") {
  const IntelWorld world;
  const TempDir dir;
  dir.write("tcb.json", world.tcb_info());
  const auto provider = directory_provider(dir.path());
  const CollateralAnswer other = (*provider)->find({.kind = intel_tcb_info, .fmspc = "00906ed50000", .tdx = true});
  CHECK(other.items.size() == 1);
  REQUIRE(other.misses.size() == 1);
  CHECK(other.misses[0].detail.find("no intel-tcb-info of FMSPC 00906ed50000 that fits, but 1 for others") != std::string::npos);
  std::string damaged = yaml_of(collateral_of(world));
  dir.write("c.yaml", as_bytes(damaged + "tcb_info: again\n"));
  const CollateralAnswer answer = intel_ask(dir.path(), intel_qe_identity);
  CHECK(answer.items.empty());
}

TEST_CASE("bundle YAML: only one flat mapping of plain texts is read") {
  const IntelWorld world;
  const std::string good = yaml_of(collateral_of(world));
  CHECK(looks_like_bundle_yaml(as_bytes(good)));
  CHECK_FALSE(looks_like_bundle_yaml(as_bytes("tcb: 1\n")));
  REQUIRE(parse_bundle_yaml(as_bytes(good)));
  CHECK(parse_bundle_yaml(as_bytes("---\n" + good + "comment: more\n...\n"))->ignored.size() == 1);
  std::string many;
  for (int i = 0; i < 100; ++i) many += "m" + std::to_string(i) + ": x\n";
  std::string bomb = "a: &a [x,x]\n";
  for (const std::string& text : std::vector<std::string>{good + "pck_crl: 00\n", good + "extra: &anchor text\n", good + "extra: *tcb\n", good + "extra: !!binary AAAA\n", good + "extra: [1]\n", good + "extra: {a: b}\n",
                                  good + "? [k]\n: v\n", good + "---\n" + good, good + many, bomb + good, "&m\n" + good, "!!map\n" + good, std::string("- a\n- b\n"), std::string("text"), std::string(),
                                  std::string("\xFF\xFE"), good + "extra: \"unclosed\n", "extra: " + std::string(100000, '[') + "\n" + good, good.substr(0, good.size() / 2), "\t" + good}) {
    CAPTURE(text.substr(0, 40));
    CHECK_FALSE(parse_bundle_yaml(as_bytes(text)));
  }
  CHECK_FALSE(parse_bundle_yaml(Bytes()));
  CHECK_FALSE(parse_bundle_yaml(Buffer(intel::kMaxCollateralBundle + 1, ' ')));
}
