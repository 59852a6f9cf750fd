// Made-up Intel structures: every byte differs from its neighbours, so that a field read from a wrong place shows.
#pragma once

#include <string>

#include "azure/hcl.hpp"
#include "eventlog/tcg.hpp"
#include "intel/pck.hpp"
#include "intel/quote.hpp"

namespace atls::test {

template <class T>
T patterned(std::uint8_t seed) {
  T out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(seed + i * 7 + i / 32 * 13);
  return out;
}
inline Buffer pattern(std::size_t size, std::uint8_t seed) {
  Buffer out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(seed + i * 7 + i / 256 * 13);
  return out;
}

inline constexpr std::array<std::uint8_t, 16> kVendor{0x93, 0x9A, 0x72, 0x33, 0xF7, 0x9C, 0x4C, 0xA9, 0x94, 0x0A, 0x0D, 0xB3, 0x95, 0x7F, 0x06, 0x07};

// version 3: SGX. version 4: TDX unless `sgx`. version 5: body_type 1 to 4.
inline intel::Quote quote(std::uint16_t version, std::uint16_t body_type = 2) {
  intel::Quote q;
  const bool sgx = version == 3 || body_type == 1;
  q.header = {version, 2, sgx ? intel::kTeeSgx : intel::kTeeTdx, 8, 13, kVendor, patterned<std::array<std::uint8_t, 20>>(0x11)};
  if (version == 5) q.body_type = body_type;
  if (sgx) {
    q.body = *intel::parse_sgx_report(pattern(intel::kSgxReportSize, 0x21));
  } else {
    constexpr std::size_t sizes[] = {0, 0, intel::kTdReport10Size, intel::kTdReport15Size, intel::kTdReportExtendedSize};
    q.body = *intel::parse_td_report(pattern(sizes[body_type], 0x31));
  }
  q.signature = patterned<decltype(q.signature)>(0x41);
  q.attestation_key = patterned<decltype(q.attestation_key)>(0x51);
  q.qe_report = *intel::parse_sgx_report(pattern(intel::kSgxReportSize, 0x61));
  q.qe_report_signature = patterned<decltype(q.qe_report_signature)>(0x71);
  q.auth_data = pattern(32, 0);
  q.certification = {5, 0, to_buffer("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")};
  return q;
}

inline Buffer td_report_struct() {
  Buffer out = pattern(intel::kTdReportStructSize, 0x81);
  std::fill(out.begin(), out.begin() + 16, std::uint8_t{0});
  out[0] = 0x81;
  std::fill(out.begin() + 192, out.begin() + 224, std::uint8_t{0});
  return out;
}

inline intel::PckExtension pck_extension(bool platform) {
  intel::PckExtension x;
  x.ppid = patterned<decltype(x.ppid)>(1);
  x.components = {4, 4, 2, 2, 4, 1, 0, 5, 127, 128, 255, 0, 0, 0, 0, 0};
  x.pce_svn = 300;
  x.cpu_svn = x.components;
  x.pce_id = {0xAB, 0xCD};
  x.fmspc = {0x90, 0xC0, 0x6F, 1, 2, 3};
  x.sgx_type = 1;
  if (!platform) return x;
  x.platform_instance_id = patterned<std::array<std::uint8_t, 16>>(9);
  x.dynamic_platform = true;
  x.cached_keys = false;
  x.smt_enabled = true;
  return x;
}

// "0a1b" repeated to `bytes` bytes.
inline std::string digits(std::size_t bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes; ++i) out += i % 2 == 0 ? "0a" : "1B";
  return out;
}
inline std::string signature_digits() { return digits(64); }

inline std::string components(int first) {
  std::string out = "[";
  for (int i = 0; i < 16; ++i) out += (i == 0 ? "" : ",") + std::string("{\"svn\":") + std::to_string(i == 0 ? first : i) + (i == 1 ? ",\"category\":\"BIOS\",\"type\":\"Microcode\"}" : "}");
  return out + "]";
}
inline std::string tdx_tcb_info() {
  return R"({"id":"TDX","version":3,"issueDate":"2026-01-02T03:04:05Z","nextUpdate":"2026-02-01T03:04:05Z","fmspc":"90C06F010203","pceId":"abcd","tcbType":0,"tcbEvaluationDataNumber":19,)"
         R"("tdxModule":{"mrsigner":")" + digits(48) + R"(","attributes":"0000000000000000","attributesMask":"FFFFFFFFFFFFFFFF"},"tdxModuleIdentities":[{"id":"TDX_01","mrsigner":")" +
         digits(48) + R"(","attributes":"0000000000000000","attributesMask":"FFFFFFFFFFFFFFFF","tcbLevels":[{"tcb":{"isvsvn":7},"tcbDate":"2025-05-14T00:00:00Z","tcbStatus":"UpToDate"}]}],)"
         R"("tcbLevels":[{"tcb":{"sgxtcbcomponents":)" + components(4) + R"(,"pcesvn":13,"tdxtcbcomponents":)" + components(5) +
         R"(},"tcbDate":"2025-05-14T00:00:00Z","tcbStatus":"UpToDate"},{"tcb":{"sgxtcbcomponents":)" + components(2) + R"(,"pcesvn":5,"tdxtcbcomponents":)" + components(3) +
         R"(},"tcbDate":"2018-01-04T00:00:00Z","tcbStatus":"OutOfDate","advisoryIDs":["INTEL-SA-00106","INTEL-SA-00115"]}]})";
}
inline std::string sgx_tcb_info_v2() {
  std::string tcb;
  for (int i = 1; i <= 16; ++i) tcb += "\"sgxtcbcomp" + std::string(i < 10 ? "0" : "") + std::to_string(i) + "svn\":" + std::to_string(i) + ",";
  return R"({"version":2,"issueDate":"2026-01-02T03:04:05Z","nextUpdate":"2026-02-01T03:04:05Z","fmspc":"00a067110000","pceId":"0000","tcbType":0,"tcbEvaluationDataNumber":17,"tcbLevels":[{"tcb":{)" +
         tcb + R"("pcesvn":11},"tcbDate":"2025-05-14T00:00:00Z","tcbStatus":"ConfigurationNeeded"}]})";
}
inline std::string td_qe_identity() {
  return R"({"id":"TD_QE","version":2,"issueDate":"2026-01-02T03:04:05Z","nextUpdate":"2026-02-01T03:04:05Z","tcbEvaluationDataNumber":19,"miscselect":"00000000","miscselectMask":"FFFFFFFF",)"
         R"("attributes":"11000000000000000000000000000000","attributesMask":"FBFFFFFFFFFFFFFF0000000000000000","mrsigner":")" + digits(32) +
         R"(","isvprodid":2,"tcbLevels":[{"tcb":{"isvsvn":4},"tcbDate":"2025-05-14T00:00:00Z","tcbStatus":"UpToDate"}]})";
}
inline std::string response(const std::string& member, const std::string& signed_text) { return "{\"" + member + "\":" + signed_text + ",\"signature\":\"" + signature_digits() + "\"}"; }

inline eventlog::Event event(std::uint32_t index, std::uint32_t type, std::uint8_t seed, std::string_view data) {
  eventlog::Event e;
  e.index = index;
  e.type = type;
  e.digests[eventlog::kSha384] = pattern(48, seed);
  e.data = to_buffer(data);
  return e;
}
inline eventlog::Log ccel_log() {
  eventlog::Log log;
  log.algorithms = {{eventlog::kSha384, 48}};
  eventlog::Event first;
  first.type = 3;
  first.data = eventlog::spec_id_event(log.algorithms);
  log.events = {first, event(1, 4, 1, std::string_view("\0\0\0\0", 4)), event(2, 0x80000003, 2, "image"), event(3, 0xD, 3, "grub_cmd: linux"), event(1, 3, 4, "not extended"), event(1, 5, 5, "action")};
  return log;
}

// An Azure HCL report of a TDX guest around td_report_struct().
inline azure::HclReport tdx_hcl() {
  azure::HclReport hcl;
  hcl.version = 2;
  hcl.request_type = 2;
  hcl.hardware_report = td_report_struct();
  hcl.hardware_report.resize(1184);
  hcl.report_type = 4;
  hcl.hash_type = 1;
  hcl.claims = to_buffer(R"({"keys":[]})");
  hcl.claims_size = static_cast<std::uint32_t>(hcl.claims.size());
  hcl.runtime_data_size = 20 + hcl.claims_size;
  hcl.report_size = 32 + 1184 + hcl.runtime_data_size;
  return hcl;
}

}  // namespace atls::test
