#include "sim/intel_identity.hpp"

#include "base/hex.hpp"
#include "sim/intel_quote_faults.hpp"
#include "sim/intel_x509.hpp"

namespace atls::sim {
namespace {

constexpr std::string_view kAllPlatforms = "every simulated Intel platform";   // instead of a seed

template <std::size_t N>
std::array<std::uint8_t, N> marked(std::array<std::uint8_t, N> value) {
  std::copy(kSimulatedMark.begin(), kSimulatedMark.end(), value.begin());
  return value;
}

}  // namespace

std::array<std::uint8_t, 32> quoting_enclave_signer(bool sgx) {
  return marked(derive_array<32>(kAllPlatforms, sgx ? "qe-mrsigner" : "td-qe-mrsigner"));
}

std::array<std::uint8_t, 6> simulated_fmspc() {
  std::array<std::uint8_t, 6> out{};
  const Result<Buffer> bytes = from_hex_of_size(kSimulatedFmspc, out.size(), "FMSPC");
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return out;
}

Result<IntelIdentity> derive_intel_identity(const IntelOptions& options) {
  const std::string& seed = options.seed;
  const std::string machine = has_fault(options, "other-chip") ? seed + "/other-chip" : seed;
  IntelIdentity out;
  out.pck.ppid = marked(derive_array<16>(machine, "ppid"));
  out.pck.components = out.pck.cpu_svn = kSgxComponents;
  out.pck.pce_svn = kPceSvn;
  out.pck.fmspc = simulated_fmspc();
  out.pck.sgx_type = 1;                                  // scalable, as every machine with TDX
  out.pck.platform_instance_id = marked(derive_array<16>(machine, "platform-instance-id"));
  out.pck.dynamic_platform = out.pck.cached_keys = out.pck.smt_enabled = true;
  out.qe_id = marked(derive_array<16>(seed, options.sgx ? "qe-id" : "td-qe-id"));
  out.qe_mr_enclave = derive_array<32>(kAllPlatforms, options.sgx ? "qe-mrenclave" : "td-qe-mrenclave");
  out.mr_seam = derive_array<48>(kAllPlatforms, "mr-seam");
  if (const Status s = take_or_derive(options.mr_td, seed, "mr-td", "MRTD", out.mr_td); !s) return s.error();
  if (options.mr_config_id)
    if (const Status s = take_or_derive(options.mr_config_id, seed, "", "MRCONFIGID", out.mr_config_id); !s) return s.error();
  if (const Status s = take_or_derive(options.mr_enclave, seed, "mr-enclave", "MRENCLAVE", out.mr_enclave); !s) return s.error();
  out.mr_signer = derive_array<32>(seed, "mr-signer");
  out.pck_key = derived_ec_key(Curve::p256, machine, "pck");
  out.attestation_key = derived_ec_key(Curve::p256, machine, options.sgx ? "qe-attestation-key" : "td-qe-attestation-key");
  if (has_fault(options, "processor-ca")) {               // its certificates are those of machines with one processor
    out.pck.platform_instance_id.reset();
    out.pck.dynamic_platform = out.pck.cached_keys = out.pck.smt_enabled = std::nullopt;
    out.pck.sgx_type = 0;
  }
  return out;
}

}  // namespace atls::sim
