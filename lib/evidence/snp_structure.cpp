// Structure of the report and of what it came in: "SEV-SNP ABI" (AMD 56860), GHCB certificate table, configfs-tsm, Azure HCL.
#include <algorithm>
#include <array>
#include <cstdio>

#include "base/hex.hpp"
#include "base/text.hpp"
#include "evidence/hcl_claims.hpp"
#include "evidence/snp_case.hpp"
#include "evidence/text_damage.hpp"
#include "report/checks_snp.hpp"

namespace atls::evidence {
namespace {

using namespace checks;
using snp::AttestationReport;

void check_container(const SnpCase& c, Report& report) {
  report.pass(kSnpContainerDecode).actual = c.evidence->container;
  // Every container that this verifier reads keeps the report's own octets; the signature is checked over them.
  report.pass(kSnpContainerLossy, "the signature is checked over the bytes as received");
}

void check_size(const SnpCase& c, Report& report) {
  const std::size_t trailing = c.report->trailing;
  if (is_line_end(Bytes(c.evidence->data).last(trailing))) {
    with(report.pass(kSnpReportSize, std::string(kLineEndLeftOut)), std::to_string(snp::kReportSize), std::to_string(snp::kReportSize) + " and a line end");
    report.notes.push_back("report: " + std::string(kLineEndLeftOut));
    return;
  }
  with(report.judge(kSnpReportSize, trailing == 0, "bytes follow the report; they are not signed"),
       std::to_string(snp::kReportSize), std::to_string(snp::kReportSize + trailing));
}

void check_version(const AttestationReport& r, const policy::Policy& policy, Report& report) {
  const bool old = r.version<2, unknown = r.version> 5;
  CheckResult* result = nullptr;
  if (old) {
    result = &report.fail(kSnpReportVersion, "no firmware writes this version for a guest");
    result->on_fail = ExitCode::malformed;
  } else if (unknown && policy.allow_unknown_version) {
    result = &report.warn(kSnpReportVersion, "unknown version, read with the layout of version 5 (--allow-unknown-version)");
  } else {
    result = &report.judge(kSnpReportVersion, !unknown,
                           "unknown version, read with the layout of version 5; a newer atls may know it");
  }
  with(*result, "2 to 5", std::to_string(r.version));
}

void check_reserved(const AttestationReport& r, const policy::Policy& policy, Report& report) {
  const auto areas = r.reserved_nonzero();
  auto& result = report.judge(kSnpReportReservedZero, areas.empty(),
                              "reserved bytes have a meaning that this version does not define" +
                                  std::string(policy.allow_reserved_nonzero ? " (--allow-reserved-nonzero)" : ""),
                              policy.allow_reserved_nonzero ? Outcome::warn : Outcome::fail);
  with(result, "zero", areas.empty() ? "zero" : "not zero: " + joined(areas));
}

void check_fields(const SnpCase& c, Report& report) {
  const AttestationReport& r = *c.report;
  with(report.judge(kSnpReportVmplRange, r.vmpl <= 3,
                    r.vmpl == 0xFFFFFFFF ? "the report is host-requested: it says nothing about what the guest wanted to prove"
                                         : "no such privilege level"),
       "0 to 3", r.vmpl == 0xFFFFFFFF ? "0xffffffff" : std::to_string(r.vmpl));
  with(report.judge(kSnpPolicyReserved, r.policy.reserved_ok(), "reserved bits of the guest policy are wrong"),
       "bit 17 set, bits 63:26 clear", hex_number(r.policy.bits));

  const bool unknown_platform = (r.platform_info >> 8) != 0,
             bit_6 = (r.platform_info >> 6 & 1) != 0 && c.product != snp::ProductLine::turin;
  auto& platform = report.judge(kSnpPlatformReserved, !unknown_platform,
                                "bits above the known ones are set: newer firmware than this version knows", Outcome::warn);
  if (!unknown_platform && bit_6) platform.detail = "bit 6 is set, which is known from Turin only";
  with(platform, "bits 63:8 clear", hex_number(r.platform_info));

  const std::uint8_t key = r.signing_key_raw();
  const bool reserved_key = key >= 2 && key <= 6;
  with(report.judge(kSnpSignerInfoReserved, r.signer_info >> 5 == 0 && !reserved_key,
                    reserved_key ? "SIGNING_KEY is a reserved value" : "reserved bits are set"),
       "bits 31:5 clear, SIGNING_KEY 0, 1 or 7", hex_number(r.signer_info));
  with(report.judge(kSnpSigningKey, key <= 1, key == 7 ? "the report is unsigned" : "the signing key is not known"),
       "vcek or vlek", snp::signing_key_name(key));
}

// Order n of P-384 (SEC 2, secp384r1), big-endian.
constexpr std::array<std::uint8_t, 48> kOrder{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                              0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                              0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf, 0x58, 0x1a, 0x0d, 0xb2,
                                              0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73};

std::string encoding_problem(const std::array<std::uint8_t, 72>& little_endian, const std::string& name) {
  const Bytes all(little_endian);
  if (!is_zero(all.subspan(48))) return name + " is longer than 384 bits (stored big-endian?)";
  if (is_zero(all)) return name + " is zero";
  if (!std::lexicographical_compare(little_endian.rend() - 48, little_endian.rend(), kOrder.begin(), kOrder.end()))
    return name + " is not below the group order";
  return {};
}

void check_signature_form(const AttestationReport& r, Report& report) {
  const bool all_zero = is_zero(r.signature_r) && is_zero(r.signature_s);
  with(report.judge(kSnpMaskChipKey, !r.mask_chip_key() || !all_zero, "the host set MASK_CHIP_KEY, so the firmware did not sign"),
       "0, or a signature", r.mask_chip_key() ? "1" : "0");
  with(report.judge(kSnpSignatureAlgo, r.signature_algo == 1,
                    r.signature_algo == 0 ? "the report says that it has no signature" : "unknown signature algorithm"),
       "1", std::to_string(r.signature_algo));
  std::vector<std::string> problems;
  for (const std::string& p : {encoding_problem(r.signature_r, "R"), encoding_problem(r.signature_s, "S")})
    if (!p.empty()) problems.push_back(p);
  report.judge(kSnpSignatureEncoding, problems.empty(), joined(problems));
  report.judge(kSnpSignaturePadding, is_zero(Bytes(r.raw).subspan(0x330)),
               "bytes 0x330..0x4a0 are not zero; they are not signed and mean nothing", Outcome::warn);
}

void check_product(const SnpCase& c, Report& report) {
  const AttestationReport& r = *c.report;
  if (c.product == snp::ProductLine::unknown) {
    for (const CheckSpec* spec : {&kSnpTcbReservedZero, &kSnpChipIdForm}) report.skip(*spec, "the product line is not known");
    const std::string cpuid = "family " + hex_number(r.cpuid_fam_id) + ", model " + hex_number(r.cpuid_mod_id);
    if (r.version >= 3)
      with(report.fail(kSnpProductKnown, "no certificate authority is published for this processor"), "Milan, Genoa or Turin",
           cpuid);
    else   // without a certificate this is no question of its own
      report.add(kSnpProductKnown, c.vek ? Outcome::error : Outcome::skip,
                 "a report of version 2 does not name its processor, and no certificate does: see snp-vek-present");
    return;
  }
  const snp::TcbLayout layout = snp::tcb_layout(c.product);
  std::vector<std::string> odd;
  for (const auto& [name, tcb] : {std::pair{"CURRENT_TCB", &r.current_tcb},
                                  {"REPORTED_TCB", &r.reported_tcb},
                                  {"COMMITTED_TCB", &r.committed_tcb},
                                  {"LAUNCH_TCB", &r.launch_tcb}})
    if (!tcb->reserved_zero(layout)) odd.push_back(std::string(name) + " " + hex(tcb->raw));
  report.judge(kSnpTcbReservedZero, odd.empty(), "reserved bytes are not zero in " + joined(odd), Outcome::warn);

  const Bytes chip(r.chip_id);
  const bool short_id = is_zero(chip.subspan(8)) && !is_zero(chip.first(8)), turin = c.product == snp::ProductLine::turin;
  if (is_zero(chip))
    report.pass(kSnpChipIdForm, "the chip id is masked");
  else
    report.judge(kSnpChipIdForm, turin ? is_zero(chip.subspan(8)) : !short_id,
                 turin ? "a Turin chip id has 8 bytes" : "only the first 8 bytes are set, as on Turin", Outcome::warn);
  auto& known = report.pass(kSnpProductKnown, r.version >= 3 ? "" : "decided by the " + c.product_from);
  known.actual = snp::product_name(c.product);
}

// Nothing but zeros and one line end follows the blobs.
bool ends_in_line_end(Bytes table) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{2}}) {
    if (table.size() < size || !is_line_end(table.last(size))) continue;
    const auto rest = snp::parse_cert_table(table.first(table.size() - size));
    if (rest && !rest->trailing_nonzero) return true;
  }
  return false;
}

void check_table(const SnpCase& c, Report& report) {
  const CheckSpec* all[] = {&kSnpCertTableBounds, &kSnpCertTableTerminator, &kSnpCertTableDuplicate, &kSnpCertTableOverlap,
                            &kSnpCertTableUnknownEntry};
  if (!c.evidence->aux) {
    for (const CheckSpec* spec : all) report.skip(*spec, "the evidence has no certificate table");
    return;
  }
  if (!c.table) {
    report.fail(kSnpCertTableBounds, c.table_error);
    for (const CheckSpec* spec : all)
      if (spec != &kSnpCertTableBounds) report.error(*spec, "the certificate table does not decode, see snp-cert-table-bounds");
    return;
  }
  const snp::CertTable& t = *c.table;
  report.judge(kSnpCertTableBounds, t.out_of_bounds.empty(), joined(t.out_of_bounds));
  report.judge(kSnpCertTableTerminator, t.terminated, "the table ends before the all-zero entry");
  report.judge(kSnpCertTableDuplicate, t.duplicates.empty(), joined(t.duplicates) + ": readers disagree about which one counts");
  std::vector<std::string> odd = t.overlaps;
  odd.insert(odd.end(), t.empty_entries.begin(), t.empty_entries.end());
  const bool line_end = t.trailing_nonzero && ends_in_line_end(*c.evidence->aux);
  if (t.trailing_nonzero && !line_end) odd.push_back("bytes after the last blob are not zero");
  auto& overlap = report.judge(kSnpCertTableOverlap, odd.empty(), joined(odd), Outcome::warn);
  if (odd.empty() && line_end) {
    overlap.detail = kLineEndLeftOut;
    report.notes.push_back("certificate table: " + std::string(kLineEndLeftOut));
  }

  std::vector<std::string> unknown;
  for (const snp::TableEntry& e : t.entries)
    if (e.kind == snp::TableEntryKind::unknown) unknown.push_back("unknown entry " + snp::guid_text(e.guid) + " was set aside");
  if (!c.table_remarks.empty())
    report.warn(kSnpCertTableUnknownEntry, joined(c.table_remarks));
  else
    report.pass(kSnpCertTableUnknownEntry, joined(unknown));
}

void check_provider(const SnpCase& c, Report& report) {
  if (!c.evidence->provider) return (void)report.skip(kSnpTsmProvider, "the evidence did not come from configfs-tsm");
  with(report.judge(kSnpTsmProvider, *c.evidence->provider == "sev_guest", "the evidence is of another kind of platform"),
       "sev_guest", *c.evidence->provider);
}

void check_hcl_ak(const azure::HclReport& hcl, Report& report) {
  const auto claims = azure::parse_hcl_claims(hcl.claims);
  if (!claims) return (void)report.fail(kSnpHclAk, "the runtime claims do not decode: " + claims.error().message());
  const auto ak =
      std::find_if(claims->keys.begin(), claims->keys.end(), [](const azure::HclKey& k) { return k.kid == "HCLAkPub"; });
  if (ak == claims->keys.end()) return (void)report.fail(kSnpHclAk, "the runtime claims have no key HCLAkPub");
  const std::size_t first = ak->n_hex.find_first_not_of('0');
  const std::size_t bytes = first == std::string::npos ? 0 : (ak->n_hex.size() - first + 1) / 2;
  auto& r = report.judge(kSnpHclAk, ak->kty == "RSA" && bytes >= 256 && !ak->e_hex.empty(),
                         "the attestation key is not a usable RSA key");
  with(r, "RSA of at least 2048 bits", ak->kty + " of " + std::to_string(8 * bytes) + " bits");
  if (r.outcome == Outcome::pass) r.detail = "no vTPM quote was judged, so only its presence counts";
}

void check_hcl(const SnpCase& c, Report& report) {
  if (!c.evidence->hcl) {
    for (const CheckSpec* spec : {&kSnpHclHeader, &kSnpHclRuntimeHash, &kSnpHclAk})
      report.skip(*spec, "the evidence is not an Azure HCL report");
    return;
  }
  report.add_not_proven("No vTPM quote was judged: nothing is known about the guest's boot chain above the paravisor.");
  if (!c.hcl) {
    report.fail(kSnpHclHeader, c.hcl_error).on_fail = ExitCode::malformed;
    for (const CheckSpec* spec : {&kSnpHclRuntimeHash, &kSnpHclAk})
      report.error(*spec, "the HCL report does not decode, see snp-hcl-header");
    return;
  }
  const azure::HclReport& hcl = *c.hcl;
  const bool snp_type = hcl.report_type == static_cast<std::uint32_t>(azure::HclReportType::snp);
  with(report.judge(kSnpHclHeader, snp_type && hcl.claims_complete,
                    snp_type ? "the runtime claims are cut at the end" : "the HCL report is not of type SNP"),
       "report type 2, runtime claims of " + std::to_string(hcl.claims_size) + " bytes",
       "report type " + std::to_string(hcl.report_type) + ", " + std::to_string(hcl.claims.size()) + " bytes");
  if (!hcl.claims_complete) {
    for (const CheckSpec* spec : {&kSnpHclRuntimeHash, &kSnpHclAk})
      report.error(*spec, "the runtime claims are not complete, see snp-hcl-header");
    return;
  }
  report.compare(kSnpHclRuntimeHash, hcl_report_data(hcl), c.report->report_data);
  check_hcl_ak(hcl, report);
}

}  // namespace

void check_snp_structure(const SnpCase& c, const Context& context, Report& report) {
  const AttestationReport& r = *c.report;
  check_container(c, report);
  check_size(c, report);
  check_version(r, context.policy, report);
  check_reserved(r, context.policy, report);
  check_fields(c, report);
  check_signature_form(r, report);
  check_product(c, report);
  check_table(c, report);
  check_provider(c, report);
  check_hcl(c, report);
}

}  // namespace atls::evidence
