#include <stdexcept>

#include "base/base64.hpp"
#include "sim/ca_keys.hpp"

namespace atls::sim {

KeyOwner key_owner(snp::ProductLine line) {
  switch (line) {
    case snp::ProductLine::milan: return KeyOwner::milan;
    case snp::ProductLine::genoa: return KeyOwner::genoa;
    case snp::ProductLine::turin: return KeyOwner::turin;
    case snp::ProductLine::unknown: break;
  }
  throw std::logic_error("the simulator has no certificate authority for an unknown product line");
}

crypto::PkeyPtr ca_key(KeyOwner owner, evidence::CaRole role) {
  const Result<Buffer> der = from_base64(ca_key_base64(owner, role));
  if (!der) throw std::logic_error("simulated CA key: " + der.error().message());
  const unsigned char* p = der->data();
  crypto::PkeyPtr key(d2i_PrivateKey(EVP_PKEY_RSA, nullptr, &p, static_cast<long>(der->size())));
  if (!key) throw std::runtime_error(crypto::openssl_error("simulated CA key").message());
  return key;
}

}  // namespace atls::sim
