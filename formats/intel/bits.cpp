// Names of attribute bits and of certification data types.
#include "intel/quote.hpp"

namespace atls::intel {
namespace {

constexpr NamedBit kTdAttributes[] = {   // Intel TDX module ABI, TD_PARAMS.ATTRIBUTES
    {0, "DEBUG", "the host can read and change the TD: nothing in it is protected"},
    {28, "SEPT_VE_DISABLE", "no #VE on private pages that are not there"},
    {29, "MIGRATABLE", "the TD can move to another machine"},
    {30, "PKS", "supervisor protection keys"},
    {31, "KL", "key locker"},
    {63, "PERFMON", "performance counters"},
};
constexpr NamedBit kXfam[] = {   // format of XCR0 and IA32_XSS, Intel SDM volume 1 chapter 13
    {0, "X87", "x87 and MMX"}, {1, "SSE", "SSE"}, {2, "AVX", "AVX"}, {3, "BNDREG", "MPX bound registers"}, {4, "BNDCSR", "MPX configuration"},
    {5, "OPMASK", "AVX-512 masks"}, {6, "ZMM_HI256", "AVX-512, upper halves of ZMM0 to ZMM15"}, {7, "HI16_ZMM", "AVX-512, ZMM16 to ZMM31"},
    {8, "PT", "processor trace"}, {9, "PKRU", "user protection keys"}, {10, "PASID", "ENQCMD"}, {11, "CET_U", "CET, user"},
    {12, "CET_S", "CET, supervisor"}, {13, "HDC", "hardware duty cycling"}, {14, "UINTR", "user interrupts"}, {15, "LBR", "last branch records"},
    {16, "HWP", "hardware performance states"}, {17, "XTILECFG", "AMX configuration"}, {18, "XTILEDATA", "AMX data"},
};
constexpr NamedBit kSgxFlags[] = {   // Intel SDM volume 3D, ATTRIBUTES
    {0, "INIT", "initialised"}, {1, "DEBUG", "the host can read and change the enclave: nothing in it is protected"}, {2, "MODE64BIT", "64 bit"},
    {4, "PROVISION_KEY", "may use the provisioning key"}, {5, "EINITTOKEN_KEY", "may use the launch key"}, {7, "KSS", "key separation and sharing"},
    {10, "AEX_NOTIFY", "is told of asynchronous exits"},
};
constexpr std::string_view kCertificationTypes[] = {"", "PPID_CLEARTEXT", "PPID_RSA2048_ENCRYPTED", "PPID_RSA3072_ENCRYPTED", "PCK_CLEARTEXT", "PCK_CERT_CHAIN", "ECDSA_SIG_AUX_DATA", "PLATFORM_MANIFEST"};

std::vector<std::string> names(std::span<const NamedBit> rows, std::uint64_t bits) {
  std::vector<std::string> out;
  for (unsigned n = 0; n < 64; ++n) {
    if ((bits >> n & 1) == 0) continue;
    std::string name = "bit " + std::to_string(n);
    for (const NamedBit& row : rows)
      if (row.bit == n) name = row.name;
    out.push_back(std::move(name));
  }
  return out;
}

}  // namespace

std::span<const NamedBit> td_attribute_bits() { return kTdAttributes; }
std::span<const NamedBit> xfam_bits() { return kXfam; }
std::span<const NamedBit> sgx_flag_bits() { return kSgxFlags; }
std::vector<std::string> td_attribute_names(std::uint64_t bits) { return names(kTdAttributes, bits); }
std::vector<std::string> xfam_names(std::uint64_t bits) { return names(kXfam, bits); }
std::vector<std::string> sgx_flag_names(std::uint64_t bits) { return names(kSgxFlags, bits); }
std::string_view certification_type_name(std::uint16_t type) { return type < std::size(kCertificationTypes) ? kCertificationTypes[type] : std::string_view(); }

}  // namespace atls::intel
