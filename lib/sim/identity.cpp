#include "sim/identity.hpp"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <stdexcept>

#include "crypto/digest.hpp"

namespace atls::sim {
namespace {

using snp::ProductLine;

constexpr std::array kProfiles{
    ProductProfile{ProductLine::milan, {0x19, 0x01, 0x01}, {0x04, 0, 0, 0, 0, 0, 0x1B, 0xDE}, {1, 55, 35}, 0x25, 0x0B, 0, "Milan-B0", 64},
    ProductProfile{ProductLine::genoa, {0x19, 0x11, 0x01}, {0x0A, 0, 0, 0, 0, 0, 0x19, 0x54}, {1, 55, 43}, 0x25, 0x0B, 0, "Genoa", 64},
    ProductProfile{ProductLine::turin, {0x1A, 0x02, 0x01}, {1, 1, 1, 4, 0, 0, 0, 0x51}, {1, 55, 65}, 0x65, 0x3F, 1, "Turin", 8},
};

using EcGroupPtr = crypto::Handle<EC_GROUP, EC_GROUP_free>;
using EcPointPtr = crypto::Handle<EC_POINT, EC_POINT_free>;
using BnCtxPtr = crypto::Handle<BN_CTX, BN_CTX_free>;
using ParamBuildPtr = crypto::Handle<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using ParamsPtr = crypto::Handle<OSSL_PARAM, OSSL_PARAM_free>;

void must(bool done, const char* what) {
  if (!done) throw std::runtime_error(crypto::openssl_error(what).message());
}

// scalar = material mod (n - 1) + 1, with 64 bits more than the group order, as FIPS 186-5 A.2.1 does.
crypto::PkeyPtr p384_key(Bytes material) {
  const EcGroupPtr group(EC_GROUP_new_by_curve_name(NID_secp384r1));
  const BnCtxPtr work(BN_CTX_new());
  const crypto::BnPtr scalar(BN_bin2bn(material.data(), static_cast<int>(material.size()), nullptr)), limit(BN_new());
  must(group && work && scalar && limit, "secp384r1");
  must(BN_sub(limit.get(), EC_GROUP_get0_order(group.get()), BN_value_one()) == 1 &&
           BN_nnmod(scalar.get(), scalar.get(), limit.get(), work.get()) == 1 && BN_add_word(scalar.get(), 1) == 1,
       "P-384 scalar");
  const EcPointPtr point(EC_POINT_new(group.get()));
  std::array<std::uint8_t, 97> encoded{};
  must(point && EC_POINT_mul(group.get(), point.get(), scalar.get(), nullptr, nullptr, work.get()) == 1 &&
           EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, encoded.data(), encoded.size(), work.get()) ==
               encoded.size(),
       "P-384 point");

  const ParamBuildPtr build(OSSL_PARAM_BLD_new());
  must(build && OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-384", 0) == 1 &&
           OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_PRIV_KEY, scalar.get()) == 1 &&
           OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, encoded.data(), encoded.size()) == 1,
       "P-384 parameters");
  const ParamsPtr params(OSSL_PARAM_BLD_to_param(build.get()));
  const crypto::PkeyCtxPtr ctx(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  must(params && ctx && EVP_PKEY_fromdata_init(ctx.get()) == 1 && EVP_PKEY_fromdata(ctx.get(), &key, EVP_PKEY_KEYPAIR, params.get()) == 1,
       "EVP_PKEY_fromdata");
  return crypto::PkeyPtr(key);
}

template <std::size_t N>
Status take(const std::optional<Buffer>& given, Bytes derived, std::string_view what, std::array<std::uint8_t, N>& out) {
  const Bytes from = given ? Bytes(*given) : derived;
  if (from.size() != N)
    return Error{Errc::bad_value, std::string(what), "expected " + std::to_string(N) + " bytes, found " + std::to_string(from.size())};
  std::copy(from.begin(), from.end(), out.begin());
  return ok();
}

}  // namespace

const ProductProfile& product_profile(ProductLine line) {
  for (const ProductProfile& profile : kProfiles)
    if (profile.line == line) return profile;
  throw std::logic_error("the simulator has no profile of an unknown product line");
}

Buffer derive(std::string_view seed, std::string_view label, std::size_t size) {
  const std::string secret = "atls simulated platform " + std::string(seed);   // never empty, which HKDF would refuse
  return crypto::hkdf_sha256(as_bytes(secret), label, size);
}

Result<Identity> derive_identity(const SnpOptions& options) {
  const std::string& seed = options.seed;
  const std::string line(snp::product_name(options.product));
  Identity out;
  const Buffer chip = derive(seed, "chip-id/" + line, product_profile(options.product).hwid_size);   // Turin: the rest stays zero
  std::copy(chip.begin(), chip.end(), out.chip_id.begin());
  if (const Status s = take(options.measurement, derive(seed, "measurement", 48), "measurement", out.measurement); !s) return s.error();
  if (const Status s = take(options.host_data, derive(seed, "host-data", 32), "host data", out.host_data); !s) return s.error();
  if (const Status s = take({}, derive(seed, "report-id/" + line, 32), "report id", out.report_id); !s) return s.error();
  out.vcek = p384_key(derive(seed, "vcek/" + line, 56));
  out.vlek = p384_key(derive(seed, "vlek/" + line, 56));
  return out;
}

}  // namespace atls::sim
