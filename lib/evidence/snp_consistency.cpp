// What the report says about itself and about its certificate: signature, TCBs, chip, keys. "SEV-SNP ABI" (AMD 56860),
// "VCEK Certificate and KDS Interface Specification" (AMD 57230).
#include <algorithm>

#include "base/hex.hpp"
#include "evidence/snp_case.hpp"
#include "report/checks_snp.hpp"

namespace atls::evidence {
namespace {

using namespace checks;
using snp::AttestationReport;
using snp::TcbVersion;

void check_report_signature(const SnpCase& c, Report& report) {
  if (!c.vek) return (void)report.error(kSnpReportSignature, "no endorsement certificate, see snp-vek-present");
  if (c.report->signature_algo != 1)
    return (void)report.fail(kSnpReportSignature,
                             "the algorithm that the report declares is not ECDSA P-384 with SHA-384, see snp-signature-algo");
  if (c.vek->object.key_type() != crypto::KeyType::ec_p384)
    return (void)report.fail(kSnpReportSignature, "the certified key cannot make such a signature, see snp-vek-key");
  if (c.tcb_put_back) {
    report.fail(kSnpReportSignature,
                "the signature verifies when the TCB bytes stand in the order of the other layout (legacy, Turin): a program took the report "
                "apart and wrote it anew, and what it wrote is not what the chip signed. Next: keep the report as the firmware gives it");
    return;
  }
  report.judge(kSnpReportSignature, verifies_report(c.vek->object, *c.report),
               "the signature over the first 672 bytes does not verify under the certified key: the report was altered, or "
               "another chip signed it");
}

// "microcode: certificate 219, REPORTED_TCB 217" for every component that differs, reserved bytes together.
std::string differences(const TcbVersion& certificate, const TcbVersion& reported, snp::TcbLayout layout) {
  std::string out;
  const auto add = [&](const std::string& text) { out += (out.empty() ? "" : ", ") + text; };
  TcbVersion rest_a = certificate, rest_b = reported;
  for (const snp::TcbComponent component : snp::kTcbComponents) {
    const auto a = certificate.component(component, layout), b = reported.component(component, layout);
    if (!a || !b) continue;
    if (*a != *b)
      add(std::string(snp::tcb_component_name(component)) + ": the certificate says " + std::to_string(*a) + ", the report " +
          std::to_string(*b));
    rest_a.set(component, layout, 0);
    rest_b.set(component, layout, 0);
  }
  if (rest_a != rest_b) add("reserved bytes: the certificate says " + hex(rest_a.raw) + ", the report " + hex(rest_b.raw));
  return out;
}

std::string other_fits(const TcbVersion& certificate, const AttestationReport& r) {
  std::string fits;
  for (const auto& [name, tcb] :
       {std::pair{"CURRENT_TCB", &r.current_tcb}, {"COMMITTED_TCB", &r.committed_tcb}, {"LAUNCH_TCB", &r.launch_tcb}})
    if (*tcb == certificate) fits += (fits.empty() ? "" : " and ") + std::string(name);
  return fits.empty() ? "it fits none of the other TCB fields either" : "it would fit " + fits;
}

void check_tcb_of_certificate(const SnpCase& c, Report& report) {
  if (!c.vek) return (void)report.error(kSnpTcbReportedMatchesCert, "no endorsement certificate, see snp-vek-present");
  const VekFacts& f = c.facts;
  const TcbVersion& reported = c.report->reported_tcb;
  if (!f.tcb) {
    with(report.fail(kSnpTcbReportedMatchesCert, "the certificate does not state a whole TCB, see snp-vek-extensions-complete"),
         reported.text(f.layout), "");
    return;
  }
  const bool same = *f.tcb == reported;
  std::string why;
  if (!same)
    why = differences(*f.tcb, reported, f.layout) + ". A " + c.vek_name() + " is derived for exactly one TCB, REPORTED_TCB; " +
          other_fits(*f.tcb, *c.report) + ". Fetch the certificate for the reported TCB";
  auto& r = report.judge(kSnpTcbReportedMatchesCert, same, why);
  with(r, reported.text(f.layout), f.tcb->text(f.layout));
}

void check_chip(const SnpCase& c, Report& report) {
  if (!c.vek) return (void)report.error(kSnpHwidMatchesChipId, "no endorsement certificate, see snp-vek-present");
  const Bytes chip(c.report->chip_id);
  const bool expects_vlek = c.report->signing_key_raw() == 1;
  if (expects_vlek && c.facts.is_vlek) return (void)report.skip(kSnpHwidMatchesChipId, "a VLEK is not tied to one chip");
  if (c.facts.hwid.empty())
    return (void)report.fail(kSnpHwidMatchesChipId, "the certificate has no hwID, see snp-vek-extensions-complete");
  if (is_zero(chip)) {
    with(report.warn(kSnpHwidMatchesChipId,
                     "the chip id of the report is masked and cannot be compared; the signature still ties the report to this "
                     "certificate"),
         hex(c.facts.hwid), "masked");
    return;
  }
  // On Turin the id has 8 bytes, in a field whose other 56 are zero.
  const std::size_t n = std::min(c.facts.hwid.size(), chip.size());
  auto& r = report.judge(kSnpHwidMatchesChipId, equal(c.facts.hwid, chip.first(n)) && is_zero(chip.subspan(n)),
                         "the certificate was issued for another chip");
  with(r, hex(c.facts.hwid), hex(chip));
  if (r.outcome == Outcome::pass && c.facts.hwid_wrapped) r.detail = "the hwID is wrapped in an OCTET STRING";
}

void check_csp(const SnpCase& c, Report& report) {
  if (!c.vek) return (void)report.error(kSnpVlekCspId, "no endorsement certificate, see snp-vek-present");
  if (!c.facts.is_vlek) return (void)report.skip(kSnpVlekCspId, "a VCEK names no cloud provider");
  report.judge(kSnpVlekCspId, !c.facts.csp_id.empty(), "the VLEK names no cloud provider").actual = c.facts.csp_id;
}

void check_order(const CheckSpec& spec, const TcbVersion& low, const TcbVersion& high, const char* low_name,
                 snp::TcbLayout layout, Report& report) {
  with(report.judge(spec, low.component_wise_le(high),
                    std::string(low_name) + " is above CURRENT_TCB in a component: the firmware never writes that"),
       "at most " + high.text(layout), low.text(layout));
}

void check_tcb_order(const SnpCase& c, Report& report) {
  const AttestationReport& r = *c.report;
  const snp::TcbLayout layout = snp::tcb_layout(c.product);
  // Provisional firmware is a warning here; an alternative of the policy that forbids it makes it a refusal.
  check_order(kSnpTcbReportedLeCurrent, r.reported_tcb, r.current_tcb, "REPORTED_TCB", layout, report);
  check_order(kSnpTcbCommittedLeCurrent, r.committed_tcb, r.current_tcb, "COMMITTED_TCB", layout, report);
  with(report.judge(kSnpTcbCommittedEqualsCurrent, r.committed_tcb == r.current_tcb,
                    "the current TCB is provisional: the host can still roll it back to the committed one", Outcome::warn),
       r.current_tcb.text(layout), r.committed_tcb.text(layout));
  with(report.judge(kSnpVersionCommittedLeCurrent, r.committed_version <= r.current_version,
                    "the committed firmware is newer than the current one: the firmware never writes that"),
       "at most " + r.current_version.text(), r.committed_version.text());
  with(report.judge(kSnpVersionCommittedEqualsCurrent, r.committed_version == r.current_version,
                    "the current firmware is provisional: the host can still roll it back to the committed one", Outcome::warn),
       r.current_version.text(), r.committed_version.text());
}

void check_guest_identity(const AttestationReport& r, Report& report) {
  const bool author = !is_zero(r.author_key_digest), id = !is_zero(r.id_key_digest);
  report.judge(kSnpAuthorKeyConsistent, r.author_key_en() ? author && id : !author,
               r.author_key_en() ? "AUTHOR_KEY_EN is set and a key digest is zero"
                                 : "AUTHOR_KEY_EN is clear and the author key digest is not zero",
               Outcome::warn);
  report.judge(kSnpIdBlockConsistent, id || (r.guest_svn == 0 && is_zero(r.family_id) && is_zero(r.image_id)),
               "guest_svn, family_id or image_id is set without an ID key: nobody signed them", Outcome::warn);
  const bool agent = !std::all_of(r.report_id_ma.begin(), r.report_id_ma.end(), [](std::uint8_t b) { return b == 0xFF; });
  report.pass(kSnpReportIdMa, agent && !r.policy.migrate_ma_allowed()
                                  ? "REPORT_ID_MA names an agent although the guest policy allows none"
                              : agent ? "a migration agent is associated"
                                      : "");
  if (r.version < 5) return (void)report.skip(kSnpMitVectorSubset, "reports before version 5 have no mitigation vectors");
  const bool kept = (r.launch_mit_vector & ~r.current_mit_vector) == 0;
  with(report.judge(kSnpMitVectorSubset, kept, "a mitigation that was verified at launch is not verified now", Outcome::warn),
       "at least 0x" + hex(Bytes(r.raw).subspan(0x1F8, 8)) + " (launch)", "0x" + hex(Bytes(r.raw).subspan(0x200, 8)));
}

}  // namespace

bool verifies_report(const crypto::Certificate& vek, const snp::AttestationReport& report) {
  if (vek.key() == nullptr || vek.key_type() != crypto::KeyType::ec_p384) return false;
  // The report has R and S little-endian in 72 bytes each; all of them count, so that a longer number is refused.
  Buffer r(report.signature_r.rbegin(), report.signature_r.rend()), s(report.signature_s.rbegin(), report.signature_s.rend());
  const auto good = crypto::verify_ecdsa_p384_sha384(*vek.key(), report.signed_bytes(), r, s);
  return good && *good;
}

void check_snp_consistency(const SnpCase& c, Report& report) {
  check_report_signature(c, report);
  check_tcb_of_certificate(c, report);
  check_chip(c, report);
  check_csp(c, report);
  check_tcb_order(c, report);
  check_guest_identity(*c.report, report);
}

}  // namespace atls::evidence
