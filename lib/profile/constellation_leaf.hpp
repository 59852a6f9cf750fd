// The honest leaf of Constellation aTLS: fresh evidence of an attester over the leaf key and the peer's nonce.
#pragma once

#include <memory>

#include "attester/attester.hpp"
#include "channel/leaf_maker.hpp"

namespace atls::profile {

// Without an attester: a certificate without evidence, as a peer without issuer sends it.
channel::LeafMaker constellation_leaf_maker(std::shared_ptr<Attester> attester);

}  // namespace atls::profile
