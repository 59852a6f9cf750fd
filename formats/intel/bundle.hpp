// Intel collateral as other programs keep it in one file. Nothing is identified or judged here: a bundle becomes a list of chains,
// CRLs and signed documents, the documents with the exact text that was signed.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace atls::intel {

inline constexpr std::size_t kMaxCollateralBundle = 4 * 1024 * 1024;   // real ones: below 30 KiB; a fetching tool's file with many platforms 1 MiB
inline constexpr std::size_t kMaxBundleEntries = 256;                  // items of one bundle

enum class BundleForm {
  dcap_qvl,     // "QuoteCollateralV3" of dcap-qvl, JSON; the same members as YAML
  qvl_dump,     // sgx_ql_qve_collateral_t of Intel's quote verification library, written as it lies in memory (LP64)
  go_getter,    // {URL: {"headers": {name: [value]}, "body_base64": text}}: answers for the getter of go-tdx-guest
  pcs_client,   // Intel's PCS client tool and the file:// backend of trustee: {"collaterals": {...}}
  pcs_answer,   // one PCS answer with its chain beside it: {"issuer_chain": PEM, "tcb_info_json" | "enclave_identity_json" | "crl_data" ...}
  pck_answer,   // {"cert": PEM, "ca_chain": [PEM]}
};
std::string_view bundle_form_name(BundleForm form);   // "dcap-qvl", ...

struct BundleItem {
  enum class Kind { certificates, crl, tcb_info, qe_identity } kind;
  std::string place;     // member or URL it came from
  Buffer data;           // certificates: PEM; crl: DER; documents: a response {"tcbInfo":...,"signature":"..."} with the signed text as it was
  std::string chain;     // PEM of the chain that came with it; may be empty
};
struct CollateralBundle {
  BundleForm form = BundleForm::dcap_qvl;
  std::vector<BundleItem> items;
  std::vector<std::string> ignored;   // "member: why"; members that are collateral of other uses, or not known
};

// What this is by its members or structure; empty: none of the forms. YAML is read by its own reader, see bundle_from_members.
std::optional<BundleForm> sniff_collateral_bundle(Bytes content);
// Strict: limits, duplicate keys, types; a member that is damaged damages the bundle. Errors name the member in `where`.
Result<CollateralBundle> parse_collateral_bundle(Bytes content);
// The form dcap_qvl from its members as text.
Result<CollateralBundle> bundle_from_members(const std::map<std::string, std::string>& members);
bool is_collateral_dump(Bytes content);                     // the form qvl_dump
bool is_dcap_qvl_member(std::string_view name);

// A CRL as services send it: DER, PEM, or DER as hexadecimal text (white space around it). Result: DER.
Result<Buffer> crl_der(Bytes content, std::string_view where);
// "{"tcbInfo":TEXT,"signature":"HEX"}" around a signed text, which must stay exactly findable in it.
Result<Buffer> response_around(std::string_view member, Bytes signed_text, Bytes signature, std::string_view where);

// What dcap_qvl and Intel's directory hold; for writing. Empty pck_certificate_chain: not written.
struct QuoteCollateral {
  std::string pck_crl_issuer_chain, tcb_info_issuer_chain, qe_identity_issuer_chain, pck_certificate_chain;   // PEM
  Buffer root_ca_crl, pck_crl;                                                                                // DER
  Buffer tcb_info, tcb_info_signature, qe_identity, qe_identity_signature;                                    // signed texts, 64 bytes each
};
Buffer encode_dcap_qvl(const QuoteCollateral& collateral);
struct RecordedAnswer { std::string url, header, header_value; Buffer body; };   // header empty: none
Buffer encode_go_getter(const std::vector<RecordedAnswer>& answers);

}  // namespace atls::intel
