#include "sim/identity.hpp"

#include <algorithm>
#include <stdexcept>

#include "sim/endorsements.hpp"
#include "sim/keys.hpp"

namespace atls::sim {
namespace {

using snp::ProductLine;

constexpr std::array kProfiles{
    ProductProfile{ProductLine::milan, {0x19, 0x01, 0x01}, {0x04, 0, 0, 0, 0, 0, 0x1B, 0xDE}, {1, 55, 35}, 0x25, 0x0B, 0, "Milan-B0", 64},
    ProductProfile{ProductLine::genoa, {0x19, 0x11, 0x01}, {0x0A, 0, 0, 0, 0, 0, 0x19, 0x54}, {1, 55, 43}, 0x25, 0x0B, 0, "Genoa", 64},
    ProductProfile{ProductLine::turin, {0x1A, 0x02, 0x01}, {1, 1, 1, 4, 0, 0, 0, 0x51}, {1, 55, 65}, 0x65, 0x3F, 1, "Turin", 8},
};

}  // namespace

const ProductProfile& product_profile(ProductLine line) {
  for (const ProductProfile& profile : kProfiles)
    if (profile.line == line) return profile;
  throw std::logic_error("the simulator has no profile of an unknown product line");
}

Result<Identity> derive_identity(const SnpOptions& options) {
  const std::string& seed = options.seed;
  const std::string machine = has_fault(options, "other-chip") ? seed + "/other-chip" : seed;
  const std::string line(snp::product_name(options.product));
  Identity out;
  const Buffer chip = derive(machine, "chip-id/" + line, product_profile(options.product).hwid_size);   // Turin: the rest stays zero
  std::copy(chip.begin(), chip.end(), out.chip_id.begin());
  if (const Status s = take_or_derive(options.measurement, seed, "measurement", "measurement", out.measurement); !s) return s.error();
  if (const Status s = take_or_derive(options.host_data, seed, "host-data", "host data", out.host_data); !s) return s.error();
  out.report_id = derive_array<32>(seed, "report-id/" + line);
  out.vcek = derived_ec_key(Curve::p384, machine, "vcek/" + line);
  out.vlek = derived_ec_key(Curve::p384, seed, "vlek/" + line);
  return out;
}

}  // namespace atls::sim
