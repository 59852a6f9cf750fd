// --brief: the claims that people compare, without the parts of integers, reserved fields and the insides of certificates.
#pragma once

#include "report/claim.hpp"

namespace atls::dump {

Claim brief(const Claim& claim);

}  // namespace atls::dump
