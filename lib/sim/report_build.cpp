#include "sim/report_build.hpp"

#include <algorithm>

#include "sim/endorsements.hpp"
#include "sim/x509_parts.hpp"

namespace atls::sim {
namespace {

using snp::AttestationReport;

constexpr std::size_t kRAt = snp::kSignatureOffset, kSAt = kRAt + 72, kIntegerSize = 72;
constexpr std::uint64_t kDebugBit = std::uint64_t{1} << 19, kMustBeOneBit = std::uint64_t{1} << 17;

// ECDSA P-384 with SHA-384 over the signed part; R and S little-endian in 72 bytes each.
void sign_report(Buffer& report, EVP_PKEY* key) {
  const EcdsaSignature signature = ecdsa_sign(Curve::p384, key, Bytes(report).first(snp::kSignedSize));
  must(BN_bn2lebinpad(signature.r.get(), report.data() + kRAt, static_cast<int>(kIntegerSize)) >= 0 &&
           BN_bn2lebinpad(signature.s.get(), report.data() + kSAt, static_cast<int>(kIntegerSize)) >= 0,
       "report signature");
}

void to_big_endian(Buffer& report, std::size_t at) {
  const auto first = report.begin() + static_cast<std::ptrdiff_t>(at);
  std::reverse(first, first + static_cast<std::ptrdiff_t>(kIntegerSize));
}

// The TCB in the byte order of the other kind of product.
snp::TcbVersion in_other_layout(const snp::TcbVersion& tcb, snp::ProductLine line) {
  const snp::TcbLayout from = snp::tcb_layout(line);
  const snp::TcbLayout to = from == snp::TcbLayout::turin ? snp::TcbLayout::legacy : snp::TcbLayout::turin;
  snp::TcbVersion out;
  for (const snp::TcbComponent component : snp::kTcbComponents) {
    const auto value = tcb.component(component, from);
    if (value && out.component(component, to)) out.set(component, to, *value);
  }
  return out;
}

// What a program makes of bytes that it takes for Latin-1 and writes as UTF-8.
Buffer latin1_as_utf8(Bytes raw) {
  Buffer out;
  for (const std::uint8_t b : raw) {
    if (b >= 0x80) out.push_back(static_cast<std::uint8_t>(0xC0 | b >> 6));
    out.push_back(b < 0x80 ? b : static_cast<std::uint8_t>(0x80 | (b & 0x3F)));
  }
  return out;
}

// Faults are made in three places: fields, bytes that no field holds, and bytes after signing.
struct ReportFault {
  std::string_view name;
  void (*fields)(AttestationReport&, const SnpOptions&) = nullptr;
  void (*before_signing)(Buffer&) = nullptr;
  void (*after_signing)(Buffer&, const SnpOptions&) = nullptr;
};

using Options = SnpOptions;
constexpr ReportFault kReportFaults[] = {
    {.name = "sig-bitflip", .after_signing = [](Buffer& raw, const Options&) { raw[kRAt + 1] ^= 0x10; }},
    {.name = "body-bitflip", .after_signing = [](Buffer& raw, const Options&) { raw[0x090] ^= 0x01; }},
    {.name = "sig-big-endian", .after_signing = [](Buffer& raw, const Options&) { to_big_endian(raw, kRAt); to_big_endian(raw, kSAt); }},
    {.name = "sig-zero", .after_signing = [](Buffer& raw, const Options&) { std::fill_n(raw.begin() + kRAt, 2 * kIntegerSize, std::uint8_t{0}); }},
    {.name = "algo-zero", .fields = [](AttestationReport& r, const Options&) { r.signature_algo = 0; }},
    {.name = "version-1", .fields = [](AttestationReport& r, const Options&) { r.version = 1; }},
    {.name = "version-6", .fields = [](AttestationReport& r, const Options&) { r.version = 6; }},
    {.name = "reserved-nonzero", .before_signing = [](Buffer& raw) { raw[0x04C] = 1; }},
    {.name = "mitvec-in-v3", .before_signing = [](Buffer& raw) { raw[0x1F8] = 0x0B; }},
    {.name = "policy-bit17", .fields = [](AttestationReport& r, const Options&) { r.policy.bits &= ~kMustBeOneBit; }},
    {.name = "debug", .fields = [](AttestationReport& r, const Options&) { r.policy.bits |= kDebugBit; }},
    {.name = "vmpl-1", .fields = [](AttestationReport& r, const Options&) { r.vmpl = 1; }},
    {.name = "vmpl-host", .fields = [](AttestationReport& r, const Options&) { r.vmpl = 0xFFFFFFFF; }},
    {.name = "host-data", .fields = [](AttestationReport& r, const Options&) { r.host_data[0] ^= 0xFF; }},
    {.name = "measurement", .fields = [](AttestationReport& r, const Options&) { r.measurement[0] ^= 0xFF; }},
    {.name = "report-data", .fields = [](AttestationReport& r, const Options&) { r.report_data[0] ^= 0xFF; }},
    {.name = "tcb-rollback", .fields = [](AttestationReport& r, const Options&) { r.reported_tcb.raw[7] -= 1; }},
    {.name = "tcb-layout-swap", .fields = [](AttestationReport& r, const Options& options) {
       for (snp::TcbVersion* tcb : {&r.current_tcb, &r.reported_tcb, &r.committed_tcb, &r.launch_tcb})
         *tcb = in_other_layout(*tcb, options.product);
     }},
    {.name = "tcb-layout-rewritten", .after_signing = [](Buffer& raw, const Options& options) {
       for (const std::size_t at : {0x038U, 0x180U, 0x1E0U, 0x1F0U}) {   // CURRENT_TCB, REPORTED_TCB, COMMITTED_TCB, LAUNCH_TCB
         snp::TcbVersion tcb;
         std::copy_n(raw.begin() + static_cast<std::ptrdiff_t>(at), tcb.raw.size(), tcb.raw.begin());
         tcb = in_other_layout(tcb, options.product);
         std::copy(tcb.raw.begin(), tcb.raw.end(), raw.begin() + static_cast<std::ptrdiff_t>(at));
       }
     }},
    {.name = "committed-gt-current", .fields = [](AttestationReport& r, const Options&) { r.committed_tcb.raw[7] += 1; }},
    {.name = "provisional", .fields = [](AttestationReport& r, const Options&) { r.committed_tcb.raw[7] -= 1; }},
    {.name = "provisional-forbidden", .fields = [](AttestationReport& r, const Options&) { r.committed_tcb.raw[7] -= 1; }},
    {.name = "chip-id-mismatch", .fields = [](AttestationReport& r, const Options&) { r.chip_id[0] ^= 0xFF; }},
    {.name = "chip-id-zero", .fields = [](AttestationReport& r, const Options&) { r.chip_id = {}; }},
    {.name = "vlek-as-vcek", .fields = [](AttestationReport& r, const Options&) { r.signer_info = 0; }},
    {.name = "signing-key-none", .fields = [](AttestationReport& r, const Options&) { r.signer_info = 7u << 2; }},
    {.name = "report-as-text", .after_signing = [](Buffer& raw, const Options&) { raw = latin1_as_utf8(raw); }},
    {.name = "extra-data", .after_signing = [](Buffer& raw, const Options&) { raw.push_back(0); }},
};

std::uint32_t layout_version(const SnpOptions& options) {
  if (has_fault(options, "version-1")) return 2;        // the number alone is wrong: the rest is the oldest layout
  if (has_fault(options, "version-6")) return 5;
  return has_fault(options, "mitvec-in-v3") ? 3 : options.report_version;
}

}  // namespace

bool signs_with_vlek(const SnpOptions& options) { return options.vlek || has_fault(options, "vlek-as-vcek"); }

AttestationReport honest_report(const SnpOptions& options, const Identity& identity) {
  const ProductProfile& profile = product_profile(options.product);
  AttestationReport r;
  r.version = layout_version(options);
  r.policy.bits = 0x30000;                              // SMT allowed, and the bit that must be one
  r.signature_algo = 1;
  r.platform_info = profile.platform_info;
  r.signer_info = options.vlek ? 1u << 2 : 0;
  for (snp::TcbVersion* tcb : {&r.current_tcb, &r.reported_tcb, &r.committed_tcb, &r.launch_tcb}) tcb->raw = profile.tcb;
  r.measurement = identity.measurement;
  r.host_data = identity.host_data;
  r.report_id = identity.report_id;
  r.report_id_ma.fill(0xFF);                            // no migration agent
  if (r.version >= 3) {
    r.cpuid_fam_id = profile.cpuid[0];
    r.cpuid_mod_id = profile.cpuid[1];
    r.cpuid_step = profile.cpuid[2];
  }
  if (!options.vlek) r.chip_id = identity.chip_id;      // providers of VLEKs mask it
  r.current_version = r.committed_version = profile.firmware;
  if (r.version >= 5) r.launch_mit_vector = r.current_mit_vector = profile.mitigations;
  return r;
}

Buffer make_report(const SnpOptions& options, const Identity& identity, const std::array<std::uint8_t, 64>& report_data) {
  AttestationReport fields = honest_report(options, identity);
  fields.report_data = report_data;
  for (const ReportFault& fault : kReportFaults)
    if (fault.fields != nullptr && has_fault(options, fault.name)) fault.fields(fields, options);
  Buffer raw = snp::encode_report(fields);
  for (const ReportFault& fault : kReportFaults)
    if (fault.before_signing != nullptr && has_fault(options, fault.name)) fault.before_signing(raw);
  sign_report(raw, (signs_with_vlek(options) ? identity.vlek : identity.vcek).get());
  for (const ReportFault& fault : kReportFaults)
    if (fault.after_signing != nullptr && has_fault(options, fault.name)) fault.after_signing(raw, options);
  return raw;
}

}  // namespace atls::sim
