// Structure of an Intel quote: Intel TDX DCAP quoting library API.
#include "base/hex.hpp"
#include "evidence/intel_case.hpp"
#include "evidence/text_damage.hpp"
#include "report/checks_intel.hpp"

namespace atls::evidence {
namespace {

using namespace checks;

constexpr std::size_t kUsualAuthData = 32;

std::string tee_name(std::uint32_t tee_type) {
  return tee_type == intel::kTeeSgx ? "0 (SGX)" : tee_type == intel::kTeeTdx ? "129 (TDX)" : std::to_string(tee_type);
}

void check_header(const intel::Quote& q, Report& report) {
  const intel::QuoteHeader& h = q.header;
  with(report.judge(kQuoteVersion, h.version >= 3 && h.version <= 5, "unknown version"), "3, 4 or 5", std::to_string(h.version));
  with(report.judge(kQuoteAttKeyType, h.att_key_type == intel::kEcdsaP256, "no platform issues attestation keys of this type"), "2 (ECDSA P-256)", std::to_string(h.att_key_type));

  const bool fits = h.tee_type == (q.is_tdx() ? intel::kTeeTdx : intel::kTeeSgx) && (h.version != 3 || h.tee_type == intel::kTeeSgx);
  const bool unusual = fits && h.version > 3 && !q.is_tdx();
  const std::string version = std::to_string(h.version);
  with(report.judge(kQuoteTeeType, fits && !unusual,
                    unusual ? "an SGX enclave in a quote of version " + version + ": quoting enclaves write version 3, and other verifiers refuse it"
                            : "the header names another kind of TEE than the body is of",
                    unusual ? Outcome::warn : Outcome::fail),
       q.is_tdx() ? "129 (TDX)" : "0 (SGX)", tee_name(h.tee_type));

  const std::size_t size = q.signed_size - q.body_offset;
  auto& body = report.pass(kQuoteBodyType, h.version == 5 ? "" : "version " + std::to_string(h.version) + " has no body descriptor");
  body.actual = (h.version == 5 ? "type " + std::to_string(q.body_type) + ", " : "") + std::to_string(size) + " bytes";
  with(report.judge(kQuoteQeVendorId, h.qe_vendor_id == intel::kVendorId, "the quoting enclave is not Intel's"), hex(intel::kVendorId), hex(h.qe_vendor_id));
  report.pass(kQuoteHeaderSvn, q.is_tdx() && (h.qe_svn != 0 || h.pce_svn != 0) ? "TDX quotes have zero here" : "").actual =
      "QE " + std::to_string(h.qe_svn) + ", PCE " + std::to_string(h.pce_svn);
}

void check_certification_data(const IntelCase& c, Report& report) {
  const intel::Quote& q = *c.quote;
  const std::string name(intel::certification_type_name(q.certification.type));
  const std::string actual = (q.header.version >= 4 ? "outer " + std::to_string(q.outer_type) + ", inner " : "") + std::to_string(q.certification.type) + (name.empty() ? "" : " (" + name + ")");
  const bool outer = q.header.version < 4 || q.outer_type == intel::kQeReportCertification, known = q.certification.type >= 1 && q.certification.type <= intel::kPckCertChain;
  const bool own = q.certification.type == intel::kPckCertChain, given = known && !own && c.pck;
  auto& r = report.judge(kQuoteCertDataType, outer && (own || given),
                         known && !own ? c.pck_missing : "certification data of this type holds no PCK certificate");
  with(r, q.header.version >= 4 ? "outer 6, inner 5 (PCK_CERT_CHAIN)" : "5 (PCK_CERT_CHAIN)", actual);
  if (r.outcome == Outcome::pass && given && q.certification.type != intel::kPckCleartext) r.detail = "the PCK certificate came from elsewhere: " + c.pck->origin;
}

void check_trailing_bytes(const intel::Quote& q, Report& report) {
  const bool line_end = is_line_end(Bytes(q.raw).last(q.trailing));
  if (line_end) report.notes.push_back("quote: " + std::string(kLineEndLeftOut));
  auto& trailing = report.judge(kQuoteTrailingBytes, !q.trailing_nonzero || line_end, "nothing signs the bytes behind the quote; they mean nothing", Outcome::warn);
  if (line_end) trailing.detail = kLineEndLeftOut;
  else if (trailing.outcome == Outcome::pass && q.trailing > 0) trailing.detail = "padding";
  with(trailing, "none, zeros or one line end",
       line_end ? "a line end" : q.trailing == 0 ? "none" : std::to_string(q.trailing) + (q.trailing_nonzero ? " bytes, not all zero" : " zeros"));
}

}  // namespace

void check_quote_structure(const IntelCase& c, const Context&, Report& report) {
  const intel::Quote& q = *c.quote;
  report.pass(kQuoteParse).actual = std::to_string(q.raw.size() - q.trailing) + " bytes";
  check_header(q, report);
  with(report.judge(kQuoteSizeConsistency, q.unused_in_signature_data == 0, "bytes of the signature data belong to no field"), "0 bytes left over",
       std::to_string(q.unused_in_signature_data));
  check_trailing_bytes(q, report);
  check_certification_data(c, report);
  with(report.judge(kQuoteAuthDataLength, q.auth_data.size() == kUsualAuthData, "other verifiers refuse it", Outcome::warn), "32", std::to_string(q.auth_data.size()));
}

}  // namespace atls::evidence
