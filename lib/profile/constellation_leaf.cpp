#include "profile/constellation_leaf.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "profile/constellation.hpp"

namespace atls::profile {

channel::LeafMaker constellation_leaf_maker(std::shared_ptr<Attester> attester) {
  return [attester = std::move(attester)](EVP_PKEY& key, Bytes nonce) -> Result<crypto::X509Ptr> {
    namespace cons = constellation;
    const Time now = std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
    cons::LeafSpec spec;
    spec.not_before = now - std::chrono::hours(2);
    spec.not_after = now + std::chrono::hours(2);
    if (attester) {
      const Buffer spki = cons::spki_of(key);
      std::array<std::uint8_t, 64> data{};
      const Buffer wanted = cons::report_data(spki, nonce);
      std::copy_n(wanted.begin(), std::min(wanted.size(), data.size()), data.begin());
      const auto evidence = attester->attest(data);
      if (!evidence) return evidence.error();
      auto document = cons::make_document(*evidence, cons::user_data(spki), nonce);
      if (!document) return document.error();
      spec.extensions.push_back({std::move(document->oid), std::move(document->json), false});
    }
    return cons::make_leaf(key, spec);
  };
}

}  // namespace atls::profile
