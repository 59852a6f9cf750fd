#include "sim/intel_collateral.hpp"

#include <nlohmann/json.hpp>

#include "base/hex.hpp"
#include "report/model.hpp"
#include "sim/intel_collateral_faults.hpp"
#include "sim/intel_identity.hpp"
#include "sim/intel_quote_faults.hpp"
#include "sim/intel_x509.hpp"

namespace atls::sim {
namespace {

using Json = nlohmann::ordered_json;

std::string upper(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

Json level(Json tcb, const char* date, const char* status, std::initializer_list<const char*> advisories = {}) {
  Json out;
  out["tcb"] = std::move(tcb);
  out["tcbDate"] = date;
  out["tcbStatus"] = status;
  if (advisories.size() != 0) out["advisoryIDs"] = advisories;
  return out;
}

struct Component { std::size_t index; const char* category; const char* type; };
constexpr Component kSgxTypes[] = {{0, "BIOS", "Early Microcode Update"}, {1, "OS/VMM", "SGX Late Microcode Update"}, {2, "OS/VMM", "TXT SINIT"},
                                   {3, "BIOS", ""}, {4, "BIOS", ""}, {5, "BIOS", ""}, {7, "OS/VMM", "SEAMLDR ACM"}};
constexpr Component kTdxTypes[] = {{0, "OS/VMM", "TDX Module"}, {1, "OS/VMM", "TDX Module"}, {2, "OS/VMM", "TDX Late Microcode Update"}};

Json components(const std::array<std::uint8_t, 16>& svns, std::span<const Component> about) {
  Json out = Json::array();
  for (const std::uint8_t svn : svns) out.push_back(Json{{"svn", svn}});
  for (const Component& row : about) {
    out[row.index]["category"] = row.category;
    if (*row.type != '\0') out[row.index]["type"] = row.type;
  }
  return out;
}

Json platform_tcb(bool sgx, const std::array<std::uint8_t, 16>& sgx_svns, unsigned pce_svn, const std::array<std::uint8_t, 16>& tdx_svns) {
  Json out;
  out["sgxtcbcomponents"] = components(sgx_svns, kSgxTypes);
  out["pcesvn"] = pce_svn;
  if (!sgx) out["tdxtcbcomponents"] = components(tdx_svns, kTdxTypes);
  return out;
}

Json module(std::string_view id) {
  Json out;
  if (!id.empty()) out["id"] = id;
  out["mrsigner"] = std::string(96, '0');
  out["attributes"] = std::string(16, '0');
  out["attributesMask"] = std::string(16, 'F');
  return out;
}

Json isv(unsigned svn) { return Json{{"isvsvn", svn}}; }

Json tcb_info(const IntelOptions& options, std::string_view fmspc) {
  Json out;
  out["id"] = options.sgx ? "SGX" : "TDX";
  out["version"] = 3;
  out["issueDate"] = rfc3339(kCaValidity.not_before);
  out["nextUpdate"] = rfc3339(kCaValidity.not_after);
  out["fmspc"] = fmspc;
  out["pceId"] = "0000";
  out["tcbType"] = 0;
  out["tcbEvaluationDataNumber"] = kEvaluationNumber;
  if (!options.sgx) {
    out["tdxModule"] = module("");
    Json third = module("TDX_03"), first = module("TDX_01");
    third["tcbLevels"] = Json::array({level(isv(3), "2024-03-13T00:00:00Z", "UpToDate")});
    first["tcbLevels"] = Json::array({level(isv(6), "2024-03-13T00:00:00Z", "UpToDate"),
                                      level(isv(4), "2023-08-09T00:00:00Z", "OutOfDate", {"INTEL-SA-01036"})});
    out["tdxModuleIdentities"] = Json::array({third, first});
  }
  // Each level needs what the one before needs, or less.
  constexpr std::array<std::uint8_t, 16> kTdxNow{6, 0, 4}, kTdxBefore{5, 0, 2}, kSgxBefore{3, 3, 2, 2, 3, 1, 0, 5}, kSgxOld{2, 2, 2, 2, 3, 1, 0, 5};
  Json levels = Json::array();
  levels.push_back(level(platform_tcb(options.sgx, kSgxComponents, kPceSvn, kTdxNow), "2024-03-13T00:00:00Z", "UpToDate"));
  levels.push_back(level(platform_tcb(options.sgx, kSgxBefore, kPceSvn, kTdxBefore), "2023-02-15T00:00:00Z", "OutOfDate",
                         {"INTEL-SA-00960", "INTEL-SA-00982", "INTEL-SA-00986"}));
  levels.push_back(level(platform_tcb(options.sgx, kSgxOld, 5, kTdxBefore), "2018-01-04T00:00:00Z", "OutOfDate",
                         {"INTEL-SA-00106", "INTEL-SA-00115", "INTEL-SA-00960", "INTEL-SA-00982", "INTEL-SA-00986"}));
  out["tcbLevels"] = std::move(levels);
  return out;
}

Json qe_identity(const IntelOptions& options) {
  Json out;
  out["id"] = options.sgx ? "QE" : "TD_QE";
  out["version"] = 2;
  out["issueDate"] = rfc3339(kCaValidity.not_before);
  out["nextUpdate"] = rfc3339(kCaValidity.not_after);
  out["tcbEvaluationDataNumber"] = kEvaluationNumber;
  out["miscselect"] = "00000000";
  out["miscselectMask"] = "FFFFFFFF";
  out["attributes"] = "11" + std::string(30, '0');
  out["attributesMask"] = "FB" + std::string(14, 'F') + std::string(16, '0');
  out["mrsigner"] = upper(hex(quoting_enclave_signer(options.sgx)));
  out["isvprodid"] = options.sgx ? kQeProdId : kTdQeProdId;
  const unsigned now = options.sgx ? kQeSvn - 2 : kTdQeSvn - 2;
  out["tcbLevels"] = Json::array({level(isv(now), "2024-03-13T00:00:00Z", "UpToDate"),
                                  level(isv(now - 2), "2022-11-09T00:00:00Z", "OutOfDate", {"INTEL-SA-00477"})});
  return out;
}

// The signature is over the bytes of the member's value, so the text is put together and not serialised again.
std::string response(const char* member, const std::string& text, const std::array<std::uint8_t, 64>& signature) {
  return std::string("{\"") + member + "\":" + text + ",\"signature\":\"" + hex(signature) + "\"}";
}

crypto::PkeyPtr signer_key(const IntelOptions& options) {
  return intel_ca_key(IntelCa::tcb_signer, has_fault(options, "self-made-root") || has_fault(options, "collateral-of-other-root"));
}

}  // namespace

std::string make_tcb_info(const IntelOptions& options, std::string_view fmspc) {
  IntelOptions subject = options;
  if (has_fault(options, "tcb-info-wrong-id")) subject.sgx = !subject.sgx;
  Json info = tcb_info(subject, fmspc);
  apply_tcb_info_faults(options, info);
  const std::string text = info.dump();
  auto signature = raw_p256(ecdsa_sign(Curve::p256, signer_key(options).get(), as_bytes(text)));
  if (has_fault(options, "tcb-info-bad-signature")) signature[31] ^= 0x01;
  return response("tcbInfo", tcb_info_text_after_signing(options, info, text), signature);
}

std::string make_qe_identity(const IntelOptions& options) {
  Json identity = qe_identity(options);
  apply_qe_identity_faults(options, identity);
  const std::string text = identity.dump();
  return response("enclaveIdentity", text, raw_p256(ecdsa_sign(Curve::p256, signer_key(options).get(), as_bytes(text))));
}

}  // namespace atls::sim
