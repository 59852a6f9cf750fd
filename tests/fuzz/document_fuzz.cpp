// Constellation documents: what is accepted survives encoding, and sniffing agrees with parsing.
#include "constellation/document.hpp"
#include "fuzz.hpp"

using namespace atls;
namespace doc = atls::constellation;

FUZZ(input) {
  const doc::DocumentKind kind = doc::sniff(input);
  if (const auto d = doc::parse_dummy(input)) {
    const auto again = doc::parse_dummy(doc::encode_dummy(*d));
    fuzz::require(again && again->nonce == d->nonce && again->user_data == d->user_data, "dummy round trip");
  }
  if (const auto d = doc::parse_tdx(input)) {
    fuzz::require(kind == doc::DocumentKind::tdx || kind == doc::DocumentKind::vtpm || input[0] != '{', "a TDX document is recognised");
    const auto again = doc::parse_tdx(doc::encode_tdx(*d));
    fuzz::require(again && again->raw_quote == d->raw_quote && again->user_data == d->user_data, "TDX round trip");
  }
  const auto d = doc::parse_snp(input);
  if (!d) return;
  fuzz::require(kind == doc::DocumentKind::vtpm || input[0] != '{', "an SNP document is recognised");
  if (!d->instance_info) return;
  const auto& info = *d->instance_info;
  const auto again = doc::parse_snp(doc::encode_snp(info.attestation_report, info.report_signer_pem, info.cert_chain_pem, d->user_data));
  fuzz::require(again && again->instance_info && again->instance_info->attestation_report == info.attestation_report, "SNP round trip");
}
