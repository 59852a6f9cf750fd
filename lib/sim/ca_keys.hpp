// The private keys of the simulated certificate authorities: fixed, and public by design.
#pragma once

#include "crypto/openssl.hpp"
#include "evidence/trust.hpp"

namespace atls::sim {

// foreign: a second set that no trust store knows, for faults that need another authority under the same names.
enum class KeyOwner { milan, genoa, turin, foreign };
KeyOwner key_owner(snp::ProductLine line);                                   // throws for unknown

const char* ca_key_base64(KeyOwner owner, evidence::CaRole role);            // PKCS #1 DER in base64
crypto::PkeyPtr ca_key(KeyOwner owner, evidence::CaRole role);

}  // namespace atls::sim
