// Intel evidence and event logs as files: recognised, decoded, told what is odd, and never judged.
#include <doctest/doctest.h>

#include "azure/hcl.hpp"
#include "base/base64.hpp"
#include "base/hex.hpp"
#include "crypto/digest.hpp"
#include "evidence/eventlog_claims.hpp"
#include "evidence/intel_claims.hpp"
#include "evidence/load.hpp"
#include "evidence/present.hpp"
#include "lib/evidence/appraise_fixture.hpp"
#include "pem/pem.hpp"
#include "support/certs.hpp"
#include "support/intel_samples.hpp"

using namespace atls;
using evidence::InputKind;
using evidence::load_bytes;
using evidence::Loaded;

namespace {

std::string load_intel_text_of(Bytes b) { return std::string(as_text(b)); }

Buffer pck_certificate(Bytes extension) {
  const auto key = test::ec_key("P-256");
  test::CertSpec spec;
  spec.subject = test::name("Intel SGX PCK Certificate");
  spec.issuer = test::name("Intel SGX PCK Platform CA");
  spec.not_before = test::at(2024);
  spec.not_after = test::at(2031);
  spec.sign = test::Sign::ecdsa;
  spec.extensions = {{std::string(intel::kPckExtensionOid), to_buffer(extension), false}};
  return test::make_certificate(spec, *key, *key);
}

Buffer quote_with(const std::string& pem) {
  intel::Quote q = test::quote(4);
  q.certification.data = to_buffer(pem);
  return intel::encode_quote(q);
}

struct Input { const char* name; Buffer bytes; InputKind kind; };
std::vector<Input> inputs() {
  Buffer ccel = *from_hex("4343454c38000000010000000000000000000000000000000000000000000000000000000200000000000400000000000000000000000000");
  return {{"SGX v3", intel::encode_quote(test::quote(3)), InputKind::sgx_quote},
          {"SGX v4", intel::encode_quote(test::quote(4, 1)), InputKind::sgx_quote},
          {"TDX v4", intel::encode_quote(test::quote(4)), InputKind::tdx_quote},
          {"TDX v5", intel::encode_quote(test::quote(5, 4)), InputKind::tdx_quote},
          {"TDREPORT", test::td_report_struct(), InputKind::td_report},
          {"TCB info", to_buffer(test::response("tcbInfo", test::tdx_tcb_info())), InputKind::tcb_info},
          {"QE identity", to_buffer(test::response("enclaveIdentity", test::td_qe_identity())), InputKind::qe_identity},
          {"event log", eventlog::encode_log(test::ccel_log()), InputKind::event_log},
          {"CCEL table", ccel, InputKind::ccel_table}};
}

}  // namespace

TEST_CASE("load: Intel evidence, collateral and event logs are recognised, as bytes and as text") {
  for (const Input& i : inputs()) {
    CAPTURE(i.name);
    for (const std::string& form : {load_intel_text_of(i.bytes), hex(i.bytes), base64(i.bytes), base64(i.bytes, Base64::url_unpadded), base64(i.bytes) + "\n"}) {
      const Loaded l = load_bytes(as_bytes(form), "input");
      CHECK(l.kind == i.kind);
      CHECK_MESSAGE(!l.error, (l.error ? l.error->message() : ""));
    }
    CHECK(load_bytes(i.bytes, "input", i.kind).kind == i.kind);
    CHECK(evidence::input_kind_from(evidence::input_kind_name(i.kind)) == i.kind);
  }
}

TEST_CASE("load: cut and altered Intel input is an error and never a crash") {
  for (const Input& i : inputs()) {
    CAPTURE(i.name);
    for (std::size_t n = 0; n < i.bytes.size(); n += 1 + i.bytes.size() / 97) {
      CAPTURE(n);
      const Loaded l = load_bytes(Bytes(i.bytes).first(n), "input", i.kind);
      if (i.kind != InputKind::event_log) CHECK(l.error);   // a log may end before an event
      Buffer altered = i.bytes;
      altered[n] ^= 0xFF;
      (void)load_bytes(altered, "input");
    }
  }
  const Buffer whole = inputs()[2].bytes;
  const Loaded cut = load_bytes(Bytes(whole).first(300), "input");
  CHECK(cut.kind == InputKind::tdx_quote);
  REQUIRE(find_claim(cut.claims, "quote.body.mr_owner_config") == nullptr);
  CHECK(find_claim(cut.claims, "quote.body.mr_owner")->error.find("at offset 300") != std::string::npos);
  CHECK(find_claim(cut.claims, "quote.body.mr_td")->offset == 184);
}

TEST_CASE("load: a quote forced as the other kind is refused") {
  CHECK(load_bytes(inputs()[0].bytes, "input", InputKind::tdx_quote).error);
  CHECK(load_bytes(inputs()[2].bytes, "input", InputKind::sgx_quote).error);
}

TEST_CASE("load: bytes behind a quote are told and not fatal") {
  Buffer zero = inputs()[2].bytes, other = zero;
  zero.resize(zero.size() + 70);
  other.resize(other.size() + 39, 5);
  CHECK_FALSE(load_bytes(zero, "input").error);
  CHECK(find_claim(load_bytes(zero, "input").claims, "quote.trailing_bytes")->meaning == "zero: padding");
  const Loaded l = load_bytes(other, "input");
  CHECK_FALSE(l.error);
  CHECK(find_claim(l.claims, "quote.trailing_bytes")->meaning == "not all zero");
  CHECK(claim_bytes(l.claims, "quote.trailing") == Buffer(39, 5));
}

TEST_CASE("load: the claims of a quote name flags and carry the bytes") {
  intel::Quote q = test::quote(4);
  std::get<intel::TdReport>(q.body).td_attributes = 0x10000003;
  const Buffer raw = intel::encode_quote(q);
  const Loaded l = load_bytes(raw, "input");
  CHECK(l.evidence->format == "tdx");
  CHECK(find_claim(l.claims, "quote.body.td_attributes")->meaning == "0x10000003: DEBUG, bit 1, SEPT_VE_DISABLE");
  CHECK(std::get<bool>(find_claim(l.claims, "quote.body.td_attributes.DEBUG")->value));
  CHECK(std::get<std::string>(find_claim(l.claims, "quote.body.td_attributes.unnamed_bits")->value) == "bit 1");
  CHECK(claim_bytes(l.claims, "quote.signed") == to_buffer(Bytes(raw).first(632)));
  CHECK(claim_bytes(l.claims, "quote.body.rtmr3") == to_buffer(std::get<intel::TdReport>(q.body).rtmr[3]));
}

TEST_CASE("load: certificates in a quote show the SGX extension, in every notation that platforms use") {
  const intel::PckExtension x = test::pck_extension(true);
  const Buffer der = pck_certificate(intel::encode_pck_extension(x));
  const std::string pem = pem::encode("CERTIFICATE", der), nul(1, '\0');
  for (const std::string& chain : {pem + pem, pem + pem + nul, pem.substr(0, pem.size() - 1) + pem, load_intel_text_of(der) + load_intel_text_of(der)}) {
    const Loaded l = load_bytes(quote_with(chain), "input");
    CHECK_FALSE(l.error);
    const std::string path = "quote.certification_data.data.certificate[1].sgx_extensions";
    REQUIRE(find_claim(l.claims, path) != nullptr);
    CHECK(claim_bytes(l.claims, path + ".fmspc") == to_buffer(x.fmspc));
    CHECK(std::get<std::uint64_t>(find_claim(l.claims, path + ".tcb.comp11")->value) == 255);
    CHECK(std::get<bool>(find_claim(l.claims, path + ".smt_enabled")->value));
    CHECK(find_claim(l.claims, "quote.certification_data.data.certificate[2]") == nullptr);
  }
  const Loaded bare = load_bytes(der, "input");   // the same in a certificate file
  CHECK(claim_bytes(bare.claims, "certificate.sgx_extensions.ppid") == to_buffer(x.ppid));
  Buffer broken = intel::encode_pck_extension(x);
  broken[1] = 0x30;
  CHECK_FALSE(find_claim(load_bytes(pck_certificate(broken), "input").claims, "certificate.sgx_extensions")->error.empty());
  std::string damaged = pem + pem;
  damaged[pem.size() + 100] = '!';
  const Loaded half = load_bytes(quote_with(damaged), "input");
  CHECK_FALSE(half.error);   // the quote itself decodes
  CHECK(find_claim(half.claims, "quote.certification_data.data.certificate") != nullptr);
  CHECK_FALSE(find_claim(half.claims, "quote.certification_data.data")->error.empty());
}

TEST_CASE("load: TDREPORT hashes are compared") {
  Buffer raw = test::td_report_struct();
  const Buffer tcb = crypto::sha384(Bytes(raw).subspan(256, 239)), info = crypto::sha384(Bytes(raw).subspan(512, 512));
  CHECK_FALSE(std::get<bool>(find_claim(load_bytes(raw, "input").claims, "td_report.tee_info_hash_matches")->value));
  std::copy(tcb.begin(), tcb.end(), raw.begin() + 32);
  std::copy(info.begin(), info.end(), raw.begin() + 80);
  const Loaded l = load_bytes(raw, "input");
  CHECK(std::get<bool>(find_claim(l.claims, "td_report.tee_info_hash_matches")->value));
  CHECK(std::get<bool>(find_claim(l.claims, "td_report.tee_tcb_info_hash_matches")->value));
}

TEST_CASE("load: event logs are replayed, without events that say no action") {
  const eventlog::Log log = test::ccel_log();
  const auto registers = evidence::replay(log, eventlog::kSha384);
  Buffer one(48);
  for (const std::uint8_t seed : {std::uint8_t{1}, std::uint8_t{5}}) {
    const Buffer digest = test::pattern(48, seed);
    one.insert(one.end(), digest.begin(), digest.end());
    one = crypto::sha384(one);
  }
  CHECK(registers.at(1) == one);
  CHECK(registers.size() == 3);
  const Loaded l = load_bytes(eventlog::encode_log(log), "input");
  CHECK(std::get<Buffer>(find_claim(l.claims, "event_log.rtmr0")->value) == one);
  CHECK(std::get<Buffer>(find_claim(l.claims, "event_log.rtmr3")->value) == Buffer(48));
  CHECK(find_claim(l.claims, "event_log.event[2]")->meaning == "EV_IPL: grub_cmd: linux");
  Buffer cut = eventlog::encode_log(log);
  cut.resize(cut.size() - 3);
  CHECK(find_claim(load_bytes(cut, "input").claims, "event_log.rtmr0") == nullptr);   // of a cut log they would mislead
}

TEST_CASE("load: members of collateral that are signed but not known are told") {
  std::string text = test::td_qe_identity();
  text.replace(text.size() - 1, 1, ",\"extra\":1}");
  const Loaded l = load_bytes(as_bytes(test::response("enclaveIdentity", text)), "input");
  CHECK_FALSE(l.error);
  CHECK(std::get<std::string>(find_claim(l.claims, "qe_identity_response.unknown_member")->value) == "/extra");
  CHECK(load_intel_text_of(claim_bytes(l.claims, "qe_identity_response.enclaveIdentity")) == text);
}

TEST_CASE("appraisal: Intel input that nothing endorses is never verified, and the reason is a sentence") {
  test::Judge judge;   // accepts any measurement
  judge.policy.binding_min = BindingLevel::none;
  for (const Input& i : inputs()) {
    CAPTURE(i.name);
    const auto presented = evidence::present(load_bytes(i.bytes, "input"), {});
    REQUIRE(presented);
    const Report report = judge(*presented);
    CHECK_FALSE(report.verdict->code == ExitCode::verified);
    if (i.kind == InputKind::tdx_quote || i.kind == InputKind::sgx_quote) continue;   // judged by checks of their own
    if (i.kind == InputKind::tcb_info || i.kind == InputKind::qe_identity) {           // collateral is judged, and attests nothing
      CHECK(report.verdict->code == ExitCode::no_evidence);
      continue;
    }
    const CheckResult* why = report.find("atls-hardware-root");
    REQUIRE(why != nullptr);
    CHECK(report.verdict->code == ExitCode::undecided);
    CHECK(why->detail.find("cannot be judged") == std::string::npos);   // every kind has its own sentence
  }
  for (const std::size_t n : {std::size_t{48}, std::size_t{700}, std::size_t{1100}}) {
    const auto presented = evidence::present(load_bytes(Bytes(inputs()[2].bytes).first(n), "input"), {});
    REQUIRE(presented);
    CHECK(judge(*presented).verdict->code == ExitCode::malformed);
  }
}
