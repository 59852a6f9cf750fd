#include "evidence/hcl_claims.hpp"

#include <algorithm>

#include "azure/hcl.hpp"
#include "base/cursor.hpp"
#include "base/hex.hpp"
#include "crypto/digest.hpp"
#include "evidence/claim_build.hpp"
#include "evidence/document_claims.hpp"
#include "evidence/intel_claims.hpp"

namespace atls::evidence {
namespace {

struct HeaderRow { const char* name; std::size_t offset; std::string (*meaning)(std::uint32_t); };

std::string no_meaning(std::uint32_t) { return {}; }
std::string request_meaning(std::uint32_t v) { return v == 1 ? "key release" : v == 2 ? "attestation key certificate" : ""; }
std::string report_type_meaning(std::uint32_t v) { return v == 2 ? "SEV-SNP" : v == 3 ? "TVM, no hardware report" : v == 4 ? "TDX" : "unknown"; }
std::string hash_meaning(std::uint32_t v) { return v == 1 ? "SHA-256" : v == 2 ? "SHA-384" : v == 3 ? "SHA-512" : "unknown"; }

constexpr HeaderRow kHeader[] = {
    {"version", 0x004, no_meaning}, {"report_size", 0x008, no_meaning}, {"request_type", 0x00C, request_meaning}, {"status", 0x010, no_meaning},
    {"runtime_data_size", 0x4C0, no_meaning}, {"runtime_version", 0x4C4, no_meaning}, {"report_type", 0x4C8, report_type_meaning},
    {"hash_type", 0x4CC, hash_meaning}, {"claims_size", 0x4D0, no_meaning},
};

Claim cut(std::string name, std::size_t offset, std::size_t size) {
  Claim c = field_claim(std::move(name), std::monostate{}, offset, size);
  c.error = "input ends here";
  return c;
}

std::uint32_t u32_at(Bytes input, std::size_t offset) { return Cursor(input.subspan(offset, 4), "hcl").u32le("FIELD"); }

void add_claims_json(Claim& root, Bytes input) {
  const std::uint32_t declared = u32_at(input, 0x4D0);
  const Bytes rest = input.subspan(azure::kClaimsOffset);
  const Bytes stored = rest.first(std::min<std::size_t>(declared, rest.size()));
  const bool complete = stored.size() == declared;
  root.add(value_claim("claims_complete", complete));
  root.add(value_claim("claims_sha256", hex(crypto::sha256(stored)), complete ? "" : "of the bytes that are there"));
  Claim claims = json_claims(stored, "runtime_claims");
  if (!complete)
    claims.error = "input ends after " + std::to_string(stored.size()) + " of " + std::to_string(declared) + " bytes, at offset " + std::to_string(input.size());
  root.add(std::move(claims));
}

}  // namespace

Claim hcl_claims(Bytes input, std::string name) {
  Claim root = space_claim(std::move(name), input);
  root.meaning = "Azure HCL report";
  const auto parsed = azure::parse_hcl(input);
  if (!parsed) root.error = parsed.error().message();
  root.add(field_claim("signature", std::string(as_text(input.first(std::min<std::size_t>(4, input.size())))), 0, std::min<std::size_t>(4, input.size())));
  for (const HeaderRow& row : kHeader) {
    const bool hardware_first = row.offset == azure::kRuntimeOffset;
    if (hardware_first && input.size() >= azure::kRuntimeOffset)
      root.add(field_claim("hardware_report", std::monostate{}, azure::kHardwareReportOffset, azure::kRuntimeOffset - azure::kHardwareReportOffset));
    if (row.offset + 4 > input.size()) {
      const bool in_hardware = hardware_first && input.size() < azure::kRuntimeOffset;
      const std::size_t start = std::min(in_hardware ? azure::kHardwareReportOffset : row.offset, input.size());
      root.add(cut(in_hardware ? "hardware_report" : row.name, start, input.size() - start));
      return root;
    }
    const std::uint32_t value = u32_at(input, row.offset);
    root.add(field_claim(row.name, std::uint64_t{value}, row.offset, 4, row.meaning(value)));
  }
  root.meaning += ", hardware report: " + report_type_meaning(u32_at(input, 0x4C8));
  if (parsed && parsed->report_type == static_cast<std::uint32_t>(azure::HclReportType::tdx))
    root.add(td_report_claims(Bytes(parsed->hardware_report).first(1024)));
  if (parsed) add_claims_json(root, input);
  return root;
}

Buffer hcl_report_data(const azure::HclReport& hcl) {
  Buffer out;
  switch (static_cast<azure::HclHash>(hcl.hash_type)) {
    case azure::HclHash::sha256: out = crypto::sha256(hcl.claims); break;
    case azure::HclHash::sha384: out = crypto::sha384(hcl.claims); break;
    case azure::HclHash::sha512: out = crypto::sha512(hcl.claims); break;
  }
  out.resize(64);
  return out;
}

}  // namespace atls::evidence
