#include "sim/intel_quote.hpp"

#include <numeric>
#include <stdexcept>
#include <type_traits>

#include "crypto/digest.hpp"
#include "sim/intel_event_log.hpp"
#include "sim/intel_quote_faults.hpp"

namespace atls::sim {
namespace {

constexpr std::uint16_t kTdReport15Body = 3;
constexpr std::uint64_t kXfam = 0x602E7;
constexpr std::size_t kAuthDataSize = 32;
constexpr std::array<std::uint8_t, 16> kCpuSvn{0x07, 0x07, 0x15, 0x16, 0x03, 0xFF};   // as the processor counts, not as Intel's levels do
constexpr std::uint8_t kFlags = 0x05, kQeFlags = 0x15, kXfrm = 0xE7;                  // INIT, MODE64BIT; the quoting enclave PROVISION_KEY, too

std::array<std::uint8_t, 16> sgx_attributes(std::uint8_t flags) {
  std::array<std::uint8_t, 16> out{};
  out[0] = flags;
  out[8] = kXfrm;
  return out;
}

intel::TdReport td_report(const IntelOptions& options, const IntelIdentity& identity) {
  intel::TdReport td;
  td.tee_tcb_svn = kTeeTcbSvn;
  td.mr_seam = identity.mr_seam;
  td.td_attributes = kSeptVeDisable;
  td.xfam = kXfam;
  td.mr_td = identity.mr_td;
  td.mr_config_id = identity.mr_config_id;
  td.rtmr = replayed_registers(honest_event_log(options.seed));
  if (options.quote_version == 5) {
    td.tee_tcb_svn2 = kTeeTcbSvn;
    td.mr_servicetd.emplace();
  }
  return td;
}

intel::SgxReport enclave(const IntelIdentity& identity) {
  intel::SgxReport out;
  out.cpu_svn = kCpuSvn;
  out.attributes = sgx_attributes(kFlags);
  out.mr_enclave = identity.mr_enclave;
  out.mr_signer = identity.mr_signer;
  out.isv_prod_id = 1;
  out.isv_svn = 3;
  return out;
}

template <class... Arguments>
void apply(const IntelOptions& options, void (*QuoteFault::*moment)(Arguments...), std::type_identity_t<Arguments>... arguments) {
  for (const QuoteFault& fault : quote_faults())
    if (fault.*moment != nullptr && has_fault(options, fault.name)) (fault.*moment)(arguments...);
}

// The quoting enclave's part: its report vouches for the attestation key, and the PCK key for the report. Returns the key that signs
// the quote.
crypto::PkeyPtr certify(intel::Quote& q, const IntelOptions& options, const IntelIdentity& identity) {
  const auto show = [&](EVP_PKEY* key) {
    const Buffer point = ec_public_point(key);
    std::copy(point.begin(), point.end(), q.attestation_key.begin());
  };
  show(identity.attestation_key.get());
  const Buffer binding = crypto::sha256_of({q.attestation_key, q.auth_data});
  std::copy(binding.begin(), binding.end(), q.qe_report.report_data.begin());
  apply(options, &QuoteFault::qe_report, q.qe_report);
  q.qe_report_signature = raw_p256(ecdsa_sign(Curve::p256, identity.pck_key.get(), intel::encode_sgx_report(q.qe_report)));
  if (!has_fault(options, "attestation-key-replaced")) return share_key(identity.attestation_key.get());
  crypto::PkeyPtr other = derived_ec_key(Curve::p256, options.seed, "another attestation key");
  show(other.get());
  return other;
}

}  // namespace

intel::Quote honest_quote(const IntelOptions& options, const IntelIdentity& identity) {
  intel::Quote q;
  q.header.version = static_cast<std::uint16_t>(options.sgx ? 3 : options.quote_version);
  q.header.att_key_type = intel::kEcdsaP256;
  q.header.qe_vendor_id = intel::kVendorId;
  std::copy(identity.qe_id.begin(), identity.qe_id.end(), q.header.user_data.begin());
  if (options.sgx) {
    q.header.qe_svn = kQeSvn;
    q.header.pce_svn = kPceSvn;
    q.body = enclave(identity);
  } else {
    q.header.tee_type = intel::kTeeTdx;
    q.body = td_report(options, identity);
    const bool v5 = options.quote_version == 5;
    q.body_type = v5 ? kTdReport15Body : 0;
  }
  q.qe_report.cpu_svn = kCpuSvn;
  q.qe_report.attributes = sgx_attributes(kQeFlags);
  q.qe_report.mr_enclave = identity.qe_mr_enclave;
  q.qe_report.mr_signer = quoting_enclave_signer(options.sgx);
  q.qe_report.isv_prod_id = options.sgx ? kQeProdId : kTdQeProdId;
  q.qe_report.isv_svn = options.sgx ? kQeSvn : kTdQeSvn;
  q.auth_data.resize(kAuthDataSize);
  std::iota(q.auth_data.begin(), q.auth_data.end(), std::uint8_t{0});
  q.certification.type = intel::kPckCertChain;
  return q;
}

Buffer make_quote(const IntelOptions& options, const IntelIdentity& identity, std::string_view pck_chain, const std::array<std::uint8_t, 64>& report_data) {
  intel::Quote q = honest_quote(options, identity);
  if (auto* td = std::get_if<intel::TdReport>(&q.body)) td->report_data = report_data;
  else std::get<intel::SgxReport>(q.body).report_data = report_data;
  q.certification.data = to_buffer(pck_chain);
  q.certification.data.push_back(0);                     // Intel's quoting library counts the end of the string
  apply(options, &QuoteFault::fields, q);
  const crypto::PkeyPtr key = certify(q, options, identity);
  Buffer raw = intel::encode_quote(q);
  const Result<intel::Quote> at = intel::parse_quote(raw);
  if (!at) throw std::logic_error("simulated quote: " + at.error().message());
  apply(options, &QuoteFault::before_signing, raw, *at);
  const auto signature = raw_p256(ecdsa_sign(Curve::p256, key.get(), Bytes(raw).first(at->signed_size)));
  std::copy(signature.begin(), signature.end(), raw.begin() + static_cast<std::ptrdiff_t>(at->signature_data_offset));
  apply(options, &QuoteFault::after_signing, raw, *at);
  return raw;
}

}  // namespace atls::sim
