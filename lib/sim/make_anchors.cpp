// Prints anchors_data.cpp ("amd") or anchors_data_intel.cpp ("intel"): CA certificates, CRLs and collateral of the simulated
// platforms, signed with the fixed keys of ca_keys.cpp and intel_x509.cpp. Was run once; RSASSA-PSS and ECDSA are randomized, so
// another run gives other signatures over the same contents.
#include <cstdio>
#include <string_view>

#include "base/base64.hpp"
#include "sim/ca_keys.hpp"
#include "sim/intel_collateral.hpp"
#include "sim/intel_x509.hpp"
#include "sim/x509_build.hpp"

using namespace atls;

namespace {

// `more`: further members of the row.
void print_row(const std::string& kind, const char* line, Bytes der, const char* more = "") {
  const std::string text = base64(der);
  std::printf("    {CollateralKind::%s, snp::ProductLine::%s,\n", kind.c_str(), line);
  for (std::size_t i = 0; i < text.size(); i += 116)
    std::printf("     \"%s\"%s%s\n", text.substr(i, 116).c_str(), i + 116 < text.size() ? "" : more, i + 116 < text.size() ? "" : "},");
}

void print(const char* kind, snp::ProductLine line, const char* enumerator, Bytes der) {
  std::printf("    // %s %s\n", std::string(snp::product_name(line)).c_str(), kind + 4);
  print_row(kind, enumerator, der);
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

void print_intel(const char* comment, const char* kind, Bytes content, const char* more = "") {
  std::printf("    // %s\n", comment);
  print_row(kind, "unknown", content, more);
}

void print_intel() {
  using sim::IntelCa;
  constexpr const char* kTdx = ", true", * kProcessor = ", false, true";
  const crypto::X509Ptr root = sim::make_intel_ca(IntelCa::root);
  const crypto::PkeyPtr root_key = sim::intel_ca_key(IntelCa::root);
  print_intel("Intel root", "intel_root", sim::der_of(root.get()));
  print_intel("TCB signer", "intel_tcb_signer", sim::der_of(sim::make_intel_ca(IntelCa::tcb_signer, root.get()).get()));
  print_intel("root CRL", "intel_root_crl", sim::make_intel_crl({.issuer = root.get(), .key = root_key.get()}));
  for (const IntelCa which : {IntelCa::platform, IntelCa::processor}) {
    const crypto::X509Ptr ca = sim::make_intel_ca(which, root.get());
    const crypto::PkeyPtr key = sim::intel_ca_key(which);
    const bool processor = which == IntelCa::processor;
    print_intel(processor ? "Processor CA" : "Platform CA", "intel_pck_ca", sim::der_of(ca.get()), processor ? kProcessor : "");
    print_intel("its CRL", "intel_pck_crl", sim::make_intel_crl({.issuer = ca.get(), .key = key.get()}), processor ? kProcessor : "");
  }
  for (const bool sgx : {false, true}) {
    print_intel(sgx ? "TCB info of SGX" : "TCB info of TDX", "intel_tcb_info", as_bytes(sim::make_tcb_info({.sgx = sgx})), sgx ? "" : kTdx);
    print_intel(sgx ? "QE identity" : "TD QE identity", "intel_qe_identity", as_bytes(sim::make_qe_identity({.sgx = sgx})), sgx ? "" : kTdx);
  }
}

constexpr const char* kHead = "// Made once by make_anchors.cpp. Public halves only.\n#include \"sim/anchors_data.hpp\"\n\nnamespace atls::sim {\nnamespace {\n\n"
                              "constexpr AnchorData kAnchors[] = {";

}  // namespace

int main(int argc, char** argv) {
  const bool intel = argc == 2 && std::string_view(argv[1]) == "intel";
  if (!intel && (argc != 2 || std::string_view(argv[1]) != "amd")) {
    std::fputs("usage: make-sim-anchors amd|intel\n", stderr);
    return 1;
  }
  std::puts(kHead);
  if (intel) {
    print_intel();
  } else {
    print_line(snp::ProductLine::milan, "milan");
    print_line(snp::ProductLine::genoa, "genoa");
    print_line(snp::ProductLine::turin, "turin");
  }
  std::printf("};\n\n}  // namespace\n\nstd::span<const AnchorData> %sanchor_data() { return kAnchors; }\n\n}  // namespace atls::sim\n", intel ? "intel_" : "");
}
