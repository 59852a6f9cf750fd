// Report bodies: SGX, TD 1.0, 1.5 and extended, and TDREPORT_STRUCT.
#include "base/cursor.hpp"
#include "base/writer.hpp"
#include "intel/quote.hpp"

namespace atls::intel {
namespace {

std::uint64_t u64_of(Bytes bytes) { return Cursor(bytes, "u64").u64le("VALUE"); }

Error wrong_size(const char* what, const char* expected, std::size_t found) {
  return {Errc::bad_value, what, std::string("expected ") + expected + " bytes, found " + std::to_string(found), 0};
}

// Bytes that no field covers are those of the original where there is one.
Buffer over(Bytes fields, Bytes raw, std::initializer_list<std::pair<std::size_t, std::size_t>> reserved) {
  Buffer out = to_buffer(fields);
  if (raw.size() < out.size()) return out;
  for (const auto& [offset, size] : reserved) std::copy_n(raw.begin() + static_cast<std::ptrdiff_t>(offset), size, out.begin() + static_cast<std::ptrdiff_t>(offset));
  return out;
}

}  // namespace

std::uint64_t SgxReport::flags() const { return u64_of(Bytes(attributes).first(8)); }
std::uint64_t SgxReport::xfrm() const { return u64_of(Bytes(attributes).last(8)); }

Result<SgxReport> parse_sgx_report(Bytes input) {
  if (input.size() > kSgxReportSize) return wrong_size("sgx.report", "384", input.size());
  Cursor in(input, "sgx.report");
  SgxReport r;
  r.cpu_svn = in.at(0).array<16>("CPUSVN");
  r.misc_select = in.at(16).u32le("MISCSELECT");
  in.bytes(12, "RESERVED");
  r.isv_ext_prod_id = in.at(32).array<16>("ISVEXTPRODID");
  r.attributes = in.at(48).array<16>("ATTRIBUTES");
  r.mr_enclave = in.at(64).array<32>("MRENCLAVE");
  in.bytes(32, "RESERVED");
  r.mr_signer = in.at(128).array<32>("MRSIGNER");
  in.bytes(32, "RESERVED");
  r.config_id = in.at(192).array<64>("CONFIGID");
  r.isv_prod_id = in.at(256).u16le("ISVPRODID");
  r.isv_svn = in.at(258).u16le("ISVSVN");
  r.config_svn = in.at(260).u16le("CONFIGSVN");
  in.bytes(42, "RESERVED");
  r.isv_family_id = in.at(304).array<16>("ISVFAMILYID");
  r.report_data = in.at(320).array<64>("REPORTDATA");
  if (in.error()) return *in.error();
  r.raw = to_buffer(input);
  return r;
}

Buffer encode_sgx_report(const SgxReport& r) {
  Writer out;
  out.bytes(r.cpu_svn).u32le(r.misc_select).zeros(12).bytes(r.isv_ext_prod_id).bytes(r.attributes).bytes(r.mr_enclave).zeros(32).bytes(r.mr_signer).zeros(32);
  out.bytes(r.config_id).u16le(r.isv_prod_id).u16le(r.isv_svn).u16le(r.config_svn).zeros(42).bytes(r.isv_family_id).bytes(r.report_data);
  return over(out.take(), r.raw, {{20, 12}, {96, 32}, {160, 32}, {262, 42}});
}

Result<TdReport> parse_td_report(Bytes input) {
  if (input.size() > kTdReport10Size && input.size() != kTdReport15Size && input.size() != kTdReportExtendedSize)
    return wrong_size("td.report", "584, 648 or 885", input.size());
  Cursor in(input, "td.report");
  TdReport r;
  r.tee_tcb_svn = in.at(0).array<16>("TEE_TCB_SVN");
  r.mr_seam = in.at(16).array<48>("MRSEAM");
  r.mr_signer_seam = in.at(64).array<48>("MRSIGNERSEAM");
  r.seam_attributes = in.at(112).u64le("SEAMATTRIBUTES");
  r.td_attributes = in.at(120).u64le("TDATTRIBUTES");
  r.xfam = in.at(128).u64le("XFAM");
  r.mr_td = in.at(136).array<48>("MRTD");
  r.mr_config_id = in.at(184).array<48>("MRCONFIGID");
  r.mr_owner = in.at(232).array<48>("MROWNER");
  r.mr_owner_config = in.at(280).array<48>("MROWNERCONFIG");
  in.at(328);
  for (auto& rtmr : r.rtmr) rtmr = in.array<48>("RTMR");
  r.report_data = in.at(520).array<64>("REPORTDATA");
  if (input.size() > kTdReport10Size) {
    r.tee_tcb_svn2 = in.at(584).array<16>("TEE_TCB_SVN2");
    r.mr_servicetd = in.at(600).array<48>("MRSERVICETD");
  }
  if (in.error()) return *in.error();
  r.raw = to_buffer(input);
  return r;
}

Buffer encode_td_report(const TdReport& r) {
  Writer out;
  out.bytes(r.tee_tcb_svn).bytes(r.mr_seam).bytes(r.mr_signer_seam).u64le(r.seam_attributes).u64le(r.td_attributes).u64le(r.xfam).bytes(r.mr_td);
  out.bytes(r.mr_config_id).bytes(r.mr_owner).bytes(r.mr_owner_config);
  for (const auto& rtmr : r.rtmr) out.bytes(rtmr);
  out.bytes(r.report_data);
  if (r.tee_tcb_svn2 || r.mr_servicetd) {
    constexpr std::array<std::uint8_t, 16> no_svn{};
    constexpr std::array<std::uint8_t, 48> no_service{};
    out.bytes(r.tee_tcb_svn2.value_or(no_svn)).bytes(r.mr_servicetd.value_or(no_service));
    if (r.raw.size() == kTdReportExtendedSize) out.bytes(Bytes(r.raw).subspan(kTdReport15Size));
  }
  return out.take();
}

Result<TdReportStruct> parse_td_report_struct(Bytes input) {
  Cursor in(input, "tdreport");
  TdReportStruct r;
  r.type = in.at(0).u8("REPORTTYPE.TYPE");
  r.subtype = in.u8("REPORTTYPE.SUBTYPE");
  r.version = in.u8("REPORTTYPE.VERSION");
  in.bytes(13, "RESERVED");
  r.cpu_svn = in.at(16).array<16>("CPUSVN");
  r.tee_tcb_info_hash = in.at(32).array<48>("TEE_TCB_INFO_HASH");
  r.tee_info_hash = in.at(80).array<48>("TEE_INFO_HASH");
  r.report_data = in.at(128).array<64>("REPORTDATA");
  in.bytes(32, "RESERVED");
  r.mac = in.at(224).array<32>("MAC");
  r.valid = in.at(256).u64le("TEE_TCB_INFO.VALID");
  r.body.tee_tcb_svn = in.at(264).array<16>("TEE_TCB_INFO.TEE_TCB_SVN");
  r.body.mr_seam = in.at(280).array<48>("TEE_TCB_INFO.MRSEAM");
  r.body.mr_signer_seam = in.at(328).array<48>("TEE_TCB_INFO.MRSIGNERSEAM");
  r.body.seam_attributes = in.at(376).u64le("TEE_TCB_INFO.ATTRIBUTES");
  r.body.tee_tcb_svn2 = in.at(384).array<16>("TEE_TCB_INFO.TEE_TCB_SVN2");
  in.bytes(112, "RESERVED");
  r.body.td_attributes = in.at(512).u64le("TDINFO.ATTRIBUTES");
  r.body.xfam = in.at(520).u64le("TDINFO.XFAM");
  r.body.mr_td = in.at(528).array<48>("TDINFO.MRTD");
  r.body.mr_config_id = in.at(576).array<48>("TDINFO.MRCONFIGID");
  r.body.mr_owner = in.at(624).array<48>("TDINFO.MROWNER");
  r.body.mr_owner_config = in.at(672).array<48>("TDINFO.MROWNERCONFIG");
  in.at(720);
  for (auto& rtmr : r.body.rtmr) rtmr = in.array<48>("TDINFO.RTMR");
  r.body.mr_servicetd = in.at(912).array<48>("TDINFO.SERVTD_HASH");
  in.at(960).bytes(64, "RESERVED");
  if (in.error()) return *in.error();
  r.body.report_data = r.report_data;
  r.raw = to_buffer(input.first(kTdReportStructSize));
  r.trailing = input.size() - kTdReportStructSize;
  return r;
}

Buffer encode_td_report_struct(const TdReportStruct& r) {
  constexpr std::array<std::uint8_t, 16> no_svn{};
  constexpr std::array<std::uint8_t, 48> no_service{};
  Writer out;
  out.u8(r.type).u8(r.subtype).u8(r.version).zeros(13).bytes(r.cpu_svn).bytes(r.tee_tcb_info_hash).bytes(r.tee_info_hash).bytes(r.report_data).zeros(32);
  out.bytes(r.mac).u64le(r.valid).bytes(r.body.tee_tcb_svn).bytes(r.body.mr_seam).bytes(r.body.mr_signer_seam).u64le(r.body.seam_attributes);
  out.bytes(r.body.tee_tcb_svn2.value_or(no_svn)).zeros(112).u64le(r.body.td_attributes).u64le(r.body.xfam).bytes(r.body.mr_td);
  out.bytes(r.body.mr_config_id).bytes(r.body.mr_owner).bytes(r.body.mr_owner_config);
  for (const auto& rtmr : r.body.rtmr) out.bytes(rtmr);
  out.bytes(r.body.mr_servicetd.value_or(no_service)).zeros(64);
  return over(out.take(), r.raw, {{3, 13}, {192, 32}, {400, 112}, {960, 64}});
}

bool looks_like_td_report(Bytes input) {
  return input.size() >= kTdReportStructSize / 2 && input[0] == kTeeTdx && input[1] == 0 && input[2] <= 1 && is_zero(input.subspan(3, 13)) && is_zero(input.subspan(192, 32));
}

}  // namespace atls::intel
