#include "sim/endorsements.hpp"

#include <algorithm>
#include <stdexcept>

#include "base/writer.hpp"
#include "sim/anchors_data.hpp"
#include "sim/ca_keys.hpp"
#include "sim/x509_build.hpp"

namespace atls::sim {
namespace {

using evidence::CaRole;
using Extensions = std::vector<std::pair<std::string, Buffer>>;

constexpr std::uint8_t kInteger = 0x02, kAmdOctetString = 0x04, kIa5String = 0x16;
constexpr std::string_view kArc = "1.3.6.1.4.1.3704.1.";

Buffer tlv(std::uint8_t tag, Bytes content) {    // short form: everything here is below 128 bytes
  return Writer().u8(tag).u8(static_cast<std::uint8_t>(content.size())).bytes(content).take();
}

Buffer small_integer(std::uint8_t value) {
  const std::array<std::uint8_t, 2> content{0, value};
  return tlv(kInteger, value < 0x80 ? Bytes(content).last(1) : Bytes(content));
}

// The order of real certificates. Milan, Genoa and their VLEKs: .3.1 .3.2 .3.4 to .3.7 .3.3 .3.8; Turin: .3.9 .3.1 .3.2 .3.3 .3.5 to
// .3.7 .3.8. No real Turin VLEK is known; it is made like the VCEK.
Extensions amd_extensions(const SnpOptions& options, const Identity& identity, bool vlek) {
  const ProductProfile& profile = product_profile(options.product);
  std::string product_name(vlek ? snp::product_name(profile.line) : profile.vcek_product_name);
  // Version 2 carries no CPUID; go-sev-guest then reads the stepping from the product name.
  if (!vlek && profile.line == snp::ProductLine::genoa && options.report_version == 2) product_name = "Genoa-B1";
  if (has_fault(options, "product-mismatch")) product_name = profile.line == snp::ProductLine::genoa ? "Milan-B0" : "Genoa";

  Extensions out;
  const auto add = [&](std::string_view suffix, Buffer value) { out.emplace_back(std::string(kArc) + std::string(suffix), std::move(value)); };
  add("1", small_integer(profile.struct_version));
  add("2", tlv(kIa5String, as_bytes(product_name)));
  const auto& tcb = profile.tcb;
  const int step = has_fault(options, "tcb-cert-higher") ? 1 : has_fault(options, "vcek-of-other-tcb") ? -1 : 0;
  const auto microcode = static_cast<std::uint8_t>(tcb[7] + step);
  if (snp::tcb_layout(profile.line) == snp::TcbLayout::turin) {
    add("3.9", small_integer(tcb[0]));
    add("3.1", small_integer(tcb[1]));
    add("3.2", small_integer(tcb[2]));
    add("3.3", small_integer(tcb[3]));
    for (const char* spl : {"3.5", "3.6", "3.7"}) add(spl, small_integer(0));
  } else {
    add("3.1", small_integer(tcb[0]));
    add("3.2", small_integer(tcb[1]));
    for (const char* spl : {"3.4", "3.5", "3.6", "3.7"}) add(spl, small_integer(0));
    add("3.3", small_integer(tcb[6]));
  }
  if (!has_fault(options, "vcek-spl-missing")) add("3.8", small_integer(microcode));
  const Bytes hwid = Bytes(identity.chip_id).first(profile.hwid_size);
  if (vlek) add("5", tlv(kIa5String, as_bytes("CN=cc-simulated.atls.invalid")));
  else add("4", has_fault(options, "vcek-hwid-octet") ? tlv(kAmdOctetString, hwid) : to_buffer(hwid));   // real ones: raw
  return out;
}

Validity vek_validity(const SnpOptions& options) {
  using namespace std::chrono;
  if (has_fault(options, "vcek-expired")) return {kCaValidity.not_before, sys_days{year{2024} / 7 / 1}};
  if (has_fault(options, "vcek-future")) return {sys_days{year{2048} / 1 / 1}, kCaValidity.not_after};
  return kCaValidity;
}

// An ARK of the foreign set, or with `ask` an ASK or ASVK with this key under it.
Buffer foreign_ark(snp::ProductLine line) {
  const crypto::PkeyPtr key = ca_key(KeyOwner::foreign, CaRole::ark);
  return der_of(make_ca({CaRole::ark, line, key.get(), key.get()}).get());
}
Buffer under_foreign_ark(snp::ProductLine line, CaRole role, EVP_PKEY* key, Bytes ark_der) {
  const crypto::PkeyPtr ark_key = ca_key(KeyOwner::foreign, CaRole::ark);
  const crypto::X509Ptr ark = parse_certificate(ark_der);
  return der_of(make_ca({role, line, key, ark_key.get(), ark.get()}).get());
}

Buffer crl_of(const SnpOptions& options, CaRole ask_role) {
  const Buffer ark_der = anchor(CollateralKind::amd_ark, options.product);   // always the simulated root: its key is the one pinned
  const crypto::X509Ptr ark = parse_certificate(ark_der);
  const KeyOwner owner = has_fault(options, "crl-wrong-issuer") ? KeyOwner::foreign : key_owner(options.product);
  const crypto::PkeyPtr key = ca_key(owner, CaRole::ark);
  CrlRequest request{.issuer = ark.get(), .key = key.get(), .revoked = revoked_by_default(options.product), .number = 2};
  if (has_fault(options, "ask-revoked")) request.revoked.push_back(ca_serial(ask_role, options.product));
  if (has_fault(options, "crl-expired")) request.updates.not_after = std::chrono::sys_days{std::chrono::year{2024} / 7 / 1};
  return make_crl(request);
}

}  // namespace

bool has_fault(const SnpOptions& options, std::string_view name) {
  return std::find(options.faults.begin(), options.faults.end(), name) != options.faults.end();
}

Endorsements make_endorsements(const SnpOptions& options, const Identity& identity, bool vlek) {
  const CaRole role = vlek ? CaRole::asvk : CaRole::ask;
  const snp::ProductLine line = options.product;
  Endorsements out{.ask = anchor(vlek ? CollateralKind::amd_asvk : CollateralKind::amd_ask, line),
                   .ark = anchor(CollateralKind::amd_ark, line), .crl = anchor(CollateralKind::amd_crl, line)};
  // wrong-ask: another authority of the same name signed the VEK; the chain that is shown is the right one.
  // wrong-ark: the simulated ASK key, certified by another root of the same name.
  // self-made-root: a whole foreign hierarchy under AMD's names.
  const bool self_made = has_fault(options, "self-made-root");
  const KeyOwner ask_owner = self_made || has_fault(options, "wrong-ask") ? KeyOwner::foreign : key_owner(line);
  const crypto::PkeyPtr ask_key = ca_key(ask_owner, role);
  if (self_made || has_fault(options, "wrong-ark")) {
    out.ark = foreign_ark(line);
    out.ask = under_foreign_ark(line, role, ask_key.get(), out.ark);
  }
  const crypto::X509Ptr ask = parse_certificate(out.ask);
  // The certificate of another report: another key, for another chip or for another TCB of this one.
  const bool other_chip = has_fault(options, "vcek-of-other-chip");
  if (other_chip || has_fault(options, "vcek-of-other-tcb")) {
    SnpOptions elsewhere = options;
    elsewhere.seed += " elsewhere";
    Result<Identity> made = derive_identity(elsewhere);
    if (!made) throw std::logic_error("simulated platform: " + made.error().message());
    if (!other_chip) made->chip_id = identity.chip_id;
    out.vek = der_of(make_vek({.common_name = "SEV-VCEK", .key = made->vcek.get(), .issuer_key = ask_key.get(), .issuer = ask.get(), .validity = kCaValidity,
                               .extensions = amd_extensions(options, *made, false), .subject_key_identifier = false}).get());
    return out;
  }
  out.vek = der_of(make_vek({.common_name = vlek ? "SEV-VLEK" : "SEV-VCEK",
                             .key = (vlek ? identity.vlek : identity.vcek).get(),
                             .issuer_key = ask_key.get(),
                             .issuer = ask.get(),
                             .validity = vek_validity(options),
                             .extensions = amd_extensions(options, identity, vlek),
                             .subject_key_identifier = has_fault(options, "vcek-extra-ext")}).get());
  if (has_fault(options, "ask-revoked") || has_fault(options, "crl-expired") || has_fault(options, "crl-wrong-issuer"))
    out.crl = crl_of(options, role);
  return out;
}

}  // namespace atls::sim
