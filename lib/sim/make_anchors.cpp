// Prints anchors_data.cpp: the CA certificates and CRLs of the simulated platform, signed with the fixed keys of
// ca_keys.cpp. Was run once; RSASSA-PSS is randomized, so another run gives other signatures over the same contents.
#include <cstdio>

#include "base/base64.hpp"
#include "sim/ca_keys.hpp"
#include "sim/x509_build.hpp"

using namespace atls;

namespace {

void print(const char* kind, snp::ProductLine line, const char* enumerator, Bytes der) {
  const std::string text = base64(der);
  std::printf("    // %s %s\n    {CollateralKind::%s, snp::ProductLine::%s,\n", std::string(snp::product_name(line)).c_str(), kind + 4, kind, enumerator);
  for (std::size_t i = 0; i < text.size(); i += 116) std::printf("     \"%s\"%s\n", text.substr(i, 116).c_str(), i + 116 < text.size() ? "" : "},");
}

void print_line(snp::ProductLine line, const char* enumerator) {
  using evidence::CaRole;
  const sim::KeyOwner owner = sim::key_owner(line);
  const crypto::PkeyPtr ark_key = sim::ca_key(owner, CaRole::ark);
  const crypto::X509Ptr ark = sim::make_ca({CaRole::ark, line, ark_key.get(), ark_key.get()});
  print("amd_ark", line, enumerator, sim::der_of(ark.get()));
  for (const CaRole role : {CaRole::ask, CaRole::asvk}) {
    const crypto::PkeyPtr key = sim::ca_key(owner, role);
    print(role == CaRole::ask ? "amd_ask" : "amd_asvk", line, enumerator,
          sim::der_of(sim::make_ca({role, line, key.get(), ark_key.get(), ark.get()}).get()));
  }
  print("amd_crl", line, enumerator, sim::make_crl({.issuer = ark.get(), .key = ark_key.get(), .revoked = sim::revoked_by_default(line)}));
}

}  // namespace

int main() {
  std::puts("// Made once by make_anchors.cpp. Public halves only.\n#include \"sim/anchors_data.hpp\"\n\nnamespace atls::sim {\nnamespace {\n\n"
            "constexpr AnchorData kAnchors[] = {");
  print_line(snp::ProductLine::milan, "milan");
  print_line(snp::ProductLine::genoa, "genoa");
  print_line(snp::ProductLine::turin, "turin");
  std::puts("};\n\n}  // namespace\n\nstd::span<const AnchorData> anchor_data() { return kAnchors; }\n\n}  // namespace atls::sim");
}
