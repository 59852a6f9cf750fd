#include "sim/intel_quote_faults.hpp"

#include <algorithm>

#include "base/writer.hpp"
#include "sim/intel_quote.hpp"

namespace atls::sim {
namespace {

using intel::Quote;
using intel::SgxReport;

constexpr std::size_t kVersionAt = 0, kKeyTypeAt = 2, kTeeTypeAt = 4, kBodyTypeAt = 48, kBodySizeAt = 50;
constexpr std::size_t kMrTdAt = 136, kMrEnclaveAt = 64;                         // in their bodies
constexpr std::size_t kSignatureSize = 64, kLowByteOfR = 31;
constexpr std::uint64_t kDebug = 1, kReservedBit = 1 << 8, kMigratable = std::uint64_t{1} << 29,
                        kPerfmon = std::uint64_t{1} << 63;
constexpr std::uint8_t kSgxDebug = 0x02, kEinitTokenKey = 0x20;
constexpr std::uint32_t kOtherTee = 0x82;                                       // no TEE has it

// Faults of a TD are made for TDX only, those of an enclave for SGX only: the table of faults says so.
intel::TdReport& td_of(Quote& q) { return std::get<intel::TdReport>(q.body); }
SgxReport& enclave_of(Quote& q) { return std::get<SgxReport>(q.body); }

std::size_t after_body(const Quote& at) { return at.signed_size; }
std::size_t signature_at(const Quote& at) { return at.signature_data_offset; }
std::size_t outer_at(const Quote& at) { return signature_at(at) + 2 * kSignatureSize; }
std::size_t qe_signature_at(const Quote& at) { return at.qe_report_offset + intel::kSgxReportSize; }
std::size_t inner_at(const Quote& at) { return at.auth_data_offset + at.auth_data.size(); }

// Certification data without a certificate: identity and version numbers, as older platforms quote.
void set_ppid(Quote& q, std::uint16_t type, std::size_t size) {
  q.certification.type = type;
  q.certification.data = Writer().bytes(derive("certification data", "ppid", size)).bytes(kSgxComponents).u16le(kPceSvn).u16le(0).take();
}

template <std::uint64_t Set, std::uint64_t Clear = 0>
void change_attributes(Quote& q) {
  td_of(q).td_attributes = (td_of(q).td_attributes | Set) & ~Clear;
}

template <std::size_t (*Where)(const Quote&)>
void cut_quote(Buffer& raw, const Quote& at) {
  raw.resize(Where(at));
}

constexpr QuoteFault kQuoteFaults[] = {
    // Signatures.
    {.name = "quote-signature-bitflip", .after_signing = [](Buffer& raw, const Quote& at) { raw[signature_at(at) + kLowByteOfR] ^= 0x01; }},
    {.name = "quote-body-bitflip", .after_signing = [](Buffer& raw, const Quote& at) { raw[at.body_offset + (at.is_tdx() ? kMrTdAt : kMrEnclaveAt)] ^= 0x01; }},
    {.name = "qe-signature-bitflip", .after_signing = [](Buffer& raw, const Quote& at) { raw[qe_signature_at(at) + kLowByteOfR] ^= 0x01; }},
    {.name = "auth-data-changed", .after_signing = [](Buffer& raw, const Quote& at) { raw[at.auth_data_offset] ^= 0x01; }},
    {.name = "qe-padding-nonzero", .qe_report = [](SgxReport& r) { r.report_data[32] = 1; }},

    // Layout.
    {.name = "qe-vendor-id-other", .fields = [](Quote& q) { q.header.qe_vendor_id[0] ^= 0xFF; }},
    {.name = "quote-version-6", .before_signing = [](Buffer& raw, const Quote&) { raw[kVersionAt] = 6; }},
    {.name = "key-type-3", .before_signing = [](Buffer& raw, const Quote&) { raw[kKeyTypeAt] = 3; }},
    {.name = "tee-type-mismatch", .before_signing = [](Buffer& raw, const Quote& at) { raw[kTeeTypeAt] = static_cast<std::uint8_t>(at.is_tdx() ? kOtherTee : intel::kTeeTdx); }},
    {.name = "body-type-mismatch", .before_signing = [](Buffer& raw, const Quote&) { raw[kBodyTypeAt] = 2; }},
    {.name = "body-size-mismatch", .before_signing = [](Buffer& raw, const Quote&) { raw[kBodySizeAt] += 1; }},
    {.name = "truncated-after-header", .after_signing = [](Buffer& raw, const Quote&) { raw.resize(intel::kHeaderSize); }},
    {.name = "truncated-after-body-descriptor", .after_signing = [](Buffer& raw, const Quote& at) { raw.resize(at.body_offset); }},
    {.name = "truncated-after-body", .after_signing = cut_quote<after_body>},
    {.name = "truncated-after-size", .after_signing = cut_quote<signature_at>},
    {.name = "truncated-after-signature", .after_signing = [](Buffer& raw, const Quote& at) { raw.resize(signature_at(at) + kSignatureSize); }},
    {.name = "truncated-after-attestation-key", .after_signing = cut_quote<outer_at>},
    {.name = "truncated-after-outer-header", .after_signing = [](Buffer& raw, const Quote& at) { raw.resize(at.qe_report_offset); }},
    {.name = "truncated-after-qe-report", .after_signing = cut_quote<qe_signature_at>},
    {.name = "truncated-after-qe-signature", .after_signing = [](Buffer& raw, const Quote& at) { raw.resize(qe_signature_at(at) + kSignatureSize); }},
    {.name = "truncated-after-auth-data", .after_signing = cut_quote<inner_at>},
    {.name = "truncated-after-inner-header", .after_signing = [](Buffer& raw, const Quote& at) { raw.resize(at.certification_offset); }},
    {.name = "truncated-last-byte", .after_signing = [](Buffer& raw, const Quote&) { raw.pop_back(); }},
    {.name = "trailing-zeros", .after_signing = [](Buffer& raw, const Quote&) { raw.resize(raw.size() + kSignatureSize); }},
    {.name = "trailing-bytes", .after_signing = [](Buffer& raw, const Quote&) { raw.insert(raw.end(), intel::kVendorId.begin(), intel::kVendorId.end()); }},
    {.name = "quote-as-text", .after_signing = [](Buffer& raw, const Quote&) {   // taken for text: line feeds became CR LF
       Buffer out;
       for (const std::uint8_t b : raw) {
         if (b == '\n') out.push_back('\r');
         out.push_back(b);
       }
       raw = std::move(out);
     }},
    {.name = "outer-type-5", .after_signing = [](Buffer& raw, const Quote& at) { raw[outer_at(at)] = 5; }},
    {.name = "inner-type-1", .fields = [](Quote& q) { set_ppid(q, 1, 16); }},
    {.name = "inner-type-3", .fields = [](Quote& q) { set_ppid(q, 3, 384); }},
    {.name = "inner-type-7", .fields = [](Quote& q) {
       q.certification.type = 7;
       q.certification.data = derive("certification data", "platform-manifest", 1024);
     }},

    // Quoting enclave.
    {.name = "qe-mrsigner-mismatch", .fields = [](Quote& q) { q.qe_report.mr_signer[31] ^= 0xFF; }},
    {.name = "qe-prodid-mismatch", .fields = [](Quote& q) { q.qe_report.isv_prod_id ^= 3; }},     // that of the other TEE's
    {.name = "qe-attributes-mismatch", .fields = [](Quote& q) { q.qe_report.attributes[0] |= kEinitTokenKey; }},
    {.name = "qe-miscselect-mismatch", .fields = [](Quote& q) { q.qe_report.misc_select = 1; }},
    {.name = "qe-debug", .fields = [](Quote& q) { q.qe_report.attributes[0] |= kSgxDebug; }},

    // TD, module, enclave.
    {.name = "td-debug", .fields = change_attributes<kDebug>},
    {.name = "td-reserved-bit", .fields = change_attributes<kReservedBit>},
    {.name = "td-migratable", .fields = change_attributes<kMigratable>},
    {.name = "td-perfmon", .fields = change_attributes<kPerfmon>},
    {.name = "td-sept-ve-enabled", .fields = change_attributes<0, kSeptVeDisable>},
    {.name = "xfam-bit-3", .fields = [](Quote& q) { td_of(q).xfam |= 1 << 3; }},
    {.name = "servicetd-bound", .fields = [](Quote& q) { td_of(q).mr_servicetd = derive_array<48>("service TD", "mr-servicetd"); }},
    {.name = "seam-signer", .fields = [](Quote& q) { td_of(q).mr_signer_seam = derive_array<48>("another module", "mrsigner-seam"); }},
    {.name = "seam-attributes", .fields = [](Quote& q) { td_of(q).seam_attributes = 1; }},
    {.name = "mr-td", .fields = [](Quote& q) { td_of(q).mr_td[0] ^= 0xFF; }},
    {.name = "sgx-debug", .fields = [](Quote& q) { enclave_of(q).attributes[0] |= kSgxDebug; }},
    {.name = "mr-enclave", .fields = [](Quote& q) { enclave_of(q).mr_enclave[0] ^= 0xFF; }},
    {.name = "report-data", .fields = [](Quote& q) {
       auto& data = q.is_tdx() ? td_of(q).report_data : enclave_of(q).report_data;
       data[0] ^= 0xFF;
     }},
    // The module that runs now is newer than the one of the launch; what the launch is worth is the collateral's to say.
    {.name = "relaunch", .fields = [](Quote& q) { (*td_of(q).tee_tcb_svn2)[0] += 2; }},
    {.name = "relaunch-advised", .fields = [](Quote& q) { (*td_of(q).tee_tcb_svn2)[0] += 2; }},
};

}  // namespace

std::span<const QuoteFault> quote_faults() { return kQuoteFaults; }

bool has_fault(const IntelOptions& options, std::string_view name) {
  return std::find(options.faults.begin(), options.faults.end(), name) != options.faults.end();
}

}  // namespace atls::sim
