// The CA keys of the simulated platforms, by SHA-256. Their private halves are public: whoever names such a root as a trust anchor,
// by whatever way, must read in the report that the platform is simulated.
#pragma once

#include <string_view>

namespace atls::evidence {

bool is_simulated_key(std::string_view spki_sha256);

}  // namespace atls::evidence
