// From a decoded file to what is judged. Shared by atls-verify and the public API, so that both judge the same thing.
#pragma once

#include "evidence/load.hpp"
#include "evidence/verify.hpp"

namespace atls::evidence {

// `nonce`: given by the user, for a certificate whose profile binds one. A bundle has its own: giving another is Errc::bad_value,
// as is giving one for evidence without a certificate, where nothing would look at it.
Result<Presented> present(const Loaded& loaded, const std::optional<Buffer>& nonce);

}  // namespace atls::evidence
