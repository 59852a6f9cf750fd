#include "evidence/simulated_keys.hpp"

#include <algorithm>
#include <array>

namespace atls::evidence {
namespace {

// SHA-256 of the SubjectPublicKeyInfo. The keys are fixed (lib/sim); a test holds this list against them.
constexpr std::array<std::string_view, 10> kSimulatedKeys{
    "ea5027acbc2887f9120cf86b7fc12da377fd521da3519ae7871734ef513c5092",   // ARK, ASK, ASVK: Milan
    "19e500c0475021a219dc5339ebe0e13f7525b518d89088a4a32c477bbb81b38e",
    "175403910efd9315f938d5e2ac3b280dc56839742f4150a5f81c52046b516fad",
    "56ffaaf8432f5a404f5c915840b9bfc1849831bbab1b77c7dc210c5737fc7e1f",   // Genoa
    "537b06a4d19e09cc88f61e5c21d7cd02e6b5533c2ed620e570880057cb1818ee",
    "588d684e3d72ededf6cbefd533f15ef7811d4410003e1b42cdac1b4f1d5e2c8a",
    "d6fb69dcdcb3b877fa1a1fd52128294901d61b34b48161ba60f9ef9769c10abf",   // Turin
    "99ce875d9e76b7d97e52914b091cd4638d59d3e7f6a32ce6df54254435d3b37d",
    "a5fb899ee24ffeaae57ab87868ed0acaef5d296901ede5aef2bb80618b81b4b0",
    "252073d70b74f0d929a395bc3f172cf0e61c2567e628cf1c88e2221d33cb24c5",   // Intel root
};

}  // namespace

bool is_simulated_key(std::string_view spki_sha256) {
  return std::find(kSimulatedKeys.begin(), kSimulatedKeys.end(), spki_sha256) != kSimulatedKeys.end();
}

}  // namespace atls::evidence
