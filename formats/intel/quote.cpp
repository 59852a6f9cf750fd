// Quote: header, body, signature data.
#include "intel/quote.hpp"

#include <algorithm>

#include "base/cursor.hpp"
#include "base/writer.hpp"

namespace atls::intel {
namespace {

constexpr std::uint16_t kEcdsaP384 = 3;

struct BodyType { std::uint16_t type; std::size_t size; std::uint32_t tee; };
constexpr BodyType kBodyTypes[] = {{1, kSgxReportSize, kTeeSgx}, {2, kTdReport10Size, kTeeTdx}, {3, kTdReport15Size, kTeeTdx}, {4, kTdReportExtendedSize, kTeeTdx}};

Error bad_quote(const char* field, std::string detail, std::size_t offset, Errc code = Errc::bad_value) {
  return {code, std::string("quote.") + field, std::move(detail), offset};
}

// Version and key type decide the layout.
std::optional<Error> layout_problem(const QuoteHeader& h) {
  if (h.version < 3 || h.version > 5) return bad_quote("VERSION", "expected 3, 4 or 5, found " + std::to_string(h.version), 0, Errc::unsupported);
  if (h.att_key_type <= 1) return bad_quote("ATT_KEY_TYPE", "EPID quote (key type " + std::to_string(h.att_key_type) + "), expected 2 (ECDSA P-256)", 2, Errc::unsupported);
  if (h.att_key_type == kEcdsaP384) return bad_quote("ATT_KEY_TYPE", "ECDSA P-384, which no platform issues; expected 2 (ECDSA P-256)", 2, Errc::unsupported);
  if (h.version == 4 && h.tee_type != kTeeSgx && h.tee_type != kTeeTdx)
    return bad_quote("TEE_TYPE", "expected 0 (SGX) or 129 (TDX), found " + std::to_string(h.tee_type), 4, Errc::unsupported);
  return std::nullopt;
}

QuoteHeader read_header(Cursor& in) {
  QuoteHeader h;
  h.version = in.at(0).u16le("VERSION");
  h.att_key_type = in.at(2).u16le("ATT_KEY_TYPE");
  h.tee_type = in.at(4).u32le("TEE_TYPE");
  h.qe_svn = in.at(8).u16le("QE_SVN");
  h.pce_svn = in.at(10).u16le("PCE_SVN");
  h.qe_vendor_id = in.at(12).array<16>("QE_VENDOR_ID");
  h.user_data = in.at(28).array<20>("USER_DATA");
  return h;
}

// The size of the body; for version 5 after its descriptor.
Result<std::size_t> body_size(Cursor& in, Quote& q) {
  if (q.header.version != 5) return q.header.version == 4 && q.header.tee_type == kTeeTdx ? kTdReport10Size : kSgxReportSize;
  q.body_type = in.at(48).u16le("BODY_TYPE");
  q.body_size = in.at(50).u32le("BODY_SIZE");
  if (in.error()) return *in.error();
  const auto* row = std::find_if(std::begin(kBodyTypes), std::end(kBodyTypes), [&](const BodyType& b) { return b.type == q.body_type; });
  if (row == std::end(kBodyTypes)) return bad_quote("BODY_TYPE", "expected 1 to 4, found " + std::to_string(q.body_type), 48, Errc::unsupported);
  if (row->size != q.body_size) return bad_quote("BODY_SIZE", "expected " + std::to_string(row->size) + " for body type " + std::to_string(q.body_type) + ", found " + std::to_string(q.body_size), 50);
  if (row->tee != q.header.tee_type) return bad_quote("TEE_TYPE", "expected " + std::to_string(row->tee) + " for body type " + std::to_string(q.body_type) + ", found " + std::to_string(q.header.tee_type), 4);
  return row->size;
}

Status read_body(Bytes content, Quote& q, bool tdx) {
  if (tdx) {
    auto body = parse_td_report(content);
    if (!body) return body.error();
    q.body = *std::move(body);
    return ok();
  }
  auto body = parse_sgx_report(content);
  if (!body) return body.error();
  q.body = *std::move(body);
  return ok();
}

// `in` ends where the signature data ends. A field that does not fit contradicts the declared sizes.
Status read_signature_data(Cursor& in, Quote& q) {
  const auto misfit = [&]() -> Status {
    Error error = *in.error();
    if (error.code == Errc::truncated) error = {Errc::bad_value, error.where, "does not fit into the signature data of " + std::to_string(q.signature_data_size) + " bytes", error.offset};
    return error;
  };
  q.signature = in.array<64>("SIGNATURE");
  q.attestation_key = in.array<64>("ATTESTATION_KEY");
  if (q.header.version >= 4) {
    const std::size_t at = in.pos();
    q.outer_type = in.u16le("OUTER_CERTIFICATION_DATA_TYPE");
    q.outer_size = in.u32le("OUTER_CERTIFICATION_DATA_SIZE");
    if (in.error()) return misfit();
    if (q.outer_type != kQeReportCertification) return bad_quote("OUTER_CERTIFICATION_DATA_TYPE", "expected 6 (QE report certification data), found " + std::to_string(q.outer_type), at);
    if (q.outer_size > in.left()) return bad_quote("OUTER_CERTIFICATION_DATA_SIZE", std::to_string(q.outer_size) + " bytes declared, " + std::to_string(in.left()) + " are there", at + 2);
  }
  const std::size_t outer_end = q.header.version >= 4 ? in.pos() + q.outer_size : in.pos() + in.left();
  q.qe_report_offset = in.pos();
  const auto report = parse_sgx_report(in.bytes(kSgxReportSize, "QE_REPORT"));
  if (in.error()) return misfit();
  if (!report) return report.error();
  q.qe_report = *report;
  q.qe_report_signature = in.array<64>("QE_REPORT_SIGNATURE");
  const std::uint16_t auth_size = in.u16le("QE_AUTH_DATA_SIZE");
  q.auth_data_offset = in.pos();
  q.auth_data = to_buffer(in.bytes(auth_size, "QE_AUTH_DATA"));
  q.certification.type = in.u16le("CERTIFICATION_DATA_TYPE");
  q.certification.size = in.u32le("CERTIFICATION_DATA_SIZE");
  q.certification_offset = in.pos();
  q.certification.data = to_buffer(in.bytes(q.certification.size, "CERTIFICATION_DATA"));
  if (in.error()) return misfit();
  if (in.pos() > outer_end)
    return bad_quote("OUTER_CERTIFICATION_DATA_SIZE", std::to_string(q.outer_size) + " bytes declared, its fields need " + std::to_string(in.pos() - q.qe_report_offset), q.qe_report_offset - 4);
  q.unused_in_signature_data = in.left();
  return ok();
}

}  // namespace

Result<Quote> parse_quote(Bytes input) {
  Cursor in(input, "quote");
  Quote q;
  q.header = read_header(in);
  if (in.error()) return *in.error();
  if (auto problem = layout_problem(q.header)) return *std::move(problem);
  const auto size = body_size(in, q);
  if (!size) return size.error();
  q.body_offset = in.pos();
  const Bytes body = in.bytes(*size, "BODY");
  q.signed_size = in.pos();
  q.signature_data_size = in.u32le("SIGNATURE_DATA_SIZE");
  if (in.error()) return *in.error();
  q.signature_data_offset = in.pos();
  if (q.signature_data_size > kMaxSignedData)
    return bad_quote("SIGNATURE_DATA_SIZE", std::to_string(q.signature_data_size) + " bytes, the limit is " + std::to_string(kMaxSignedData), q.signed_size, Errc::too_large);
  if (q.signature_data_size > in.left())
    return bad_quote("SIGNATURE_DATA", "input ends after " + std::to_string(in.left()) + " of " + std::to_string(q.signature_data_size) + " bytes", q.signature_data_offset, Errc::truncated);
  if (const auto read = read_body(body, q, *size != kSgxReportSize); !read) return read.error();
  const std::size_t end = q.signature_data_offset + q.signature_data_size;
  Cursor data(input.first(end), "quote");
  data.bytes(q.signature_data_offset, "SIGNED");
  if (const auto read = read_signature_data(data, q); !read) return read.error();
  q.trailing = input.size() - end;
  q.trailing_nonzero = !is_zero(input.subspan(end));
  q.raw = to_buffer(input);
  return q;
}

Buffer encode_quote(const Quote& q) {
  const Buffer body = q.is_tdx() ? encode_td_report(std::get<TdReport>(q.body)) : encode_sgx_report(std::get<SgxReport>(q.body));
  Writer inner;
  inner.bytes(encode_sgx_report(q.qe_report)).bytes(q.qe_report_signature).u16le(static_cast<std::uint16_t>(q.auth_data.size())).bytes(q.auth_data);
  inner.u16le(q.certification.type).u32le(static_cast<std::uint32_t>(q.certification.data.size())).bytes(q.certification.data);
  Writer data;
  data.bytes(q.signature).bytes(q.attestation_key);
  if (q.header.version >= 4) data.u16le(kQeReportCertification).u32le(static_cast<std::uint32_t>(inner.size()));
  data.bytes(inner.take());
  Writer out;
  out.u16le(q.header.version).u16le(q.header.att_key_type).u32le(q.header.tee_type).u16le(q.header.qe_svn).u16le(q.header.pce_svn);
  out.bytes(q.header.qe_vendor_id).bytes(q.header.user_data);
  if (q.header.version == 5) out.u16le(q.body_type).u32le(static_cast<std::uint32_t>(body.size()));
  out.bytes(body).u32le(static_cast<std::uint32_t>(data.size())).bytes(data.take());
  return out.take();
}

bool looks_like_quote(Bytes input) {
  if (input.size() < kHeaderSize) return false;
  Cursor in(input, "quote");
  const QuoteHeader h = read_header(in);
  if (h.qe_vendor_id == kVendorId && h.version < 16) return true;   // whatever else is wrong with it
  if (h.version < 3 || h.version > 5 || h.att_key_type < kEcdsaP256 || h.att_key_type > kEcdsaP384) return false;
  if (h.tee_type != kTeeSgx && h.tee_type != kTeeTdx) return false;
  return input.size() >= kMinQuoteSize;
}

Result<PpidData> parse_ppid_data(const CertificationData& data) {
  constexpr std::size_t kPpidSizes[] = {16, 256, 384};
  if (data.type < 1 || data.type > 3) return Error{Errc::unsupported, "quote.CERTIFICATION_DATA", "type " + std::to_string(data.type) + " holds no PPID", 0};
  const std::size_t ppid = kPpidSizes[data.type - 1], without = ppid + 18, with = ppid + 20;
  if (data.data.size() > with) return Error{Errc::bad_value, "ppid_data", "expected " + std::to_string(with) + " bytes, found " + std::to_string(data.data.size()), 0};
  Cursor in(data.data, "ppid_data");
  PpidData out;
  out.ppid = to_buffer(in.bytes(ppid, "PPID"));
  out.cpu_svn = in.array<16>("CPUSVN");
  out.pce_svn = in.u16le("PCESVN");
  if (data.data.size() != without) out.pce_id = in.u16le("PCEID");
  if (in.error()) return *in.error();
  return out;
}

}  // namespace atls::intel
