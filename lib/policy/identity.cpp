// Which constraints identify the guest, what is too weak for that, and what the others leave open.
#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "policy/policy.hpp"

namespace atls::policy {
namespace {

bool is_enforced_equality(const BytesRule& rule) { return !rule.unchecked && rule.severity == Sev::fail && !rule.any_of.empty(); }

std::size_t compared_bits(const BytesRule& rule) {
  std::size_t out = 0;
  if (!rule.mask) return 8 * rule.any_of.front().size();
  for (const std::uint8_t byte : *rule.mask) out += static_cast<std::size_t>(std::popcount(byte));
  return out;
}

// What the rules of one claim compare, of file and flags.
struct Compared {
  std::string_view name;          // as the specification names the claim
  bool full = false;              // an enforced equality over the full width
  bool identifies = false;        // and its value is not zero: zero says "the field is empty" and identifies nobody
  std::size_t bits = 0, width = 0;   // the widest enforced equality under a mask

  void add(const BytesRule& rule) {
    if (!is_enforced_equality(rule)) return;
    const std::size_t n = compared_bits(rule), all = 8 * rule.any_of.front().size();
    if (n < all) {
      width = all;
      bits = std::max(bits, n);
      return;
    }
    full = true;
    identifies |= std::all_of(rule.any_of.begin(), rule.any_of.end(), [](const Buffer& value) { return !is_zero(value); });
  }
  bool is_partial() const { return !full && width != 0; }
};

template <class Section, class Owner>
Compared compared(std::string_view name, const Alternative& alternative, Section Sections::*section, std::optional<BytesRule> Owner::*member) {
  Compared out{.name = name};
  for (const BytesRule* rule : rules_of(alternative, section, member)) out.add(*rule);
  return out;
}

std::string listed_names(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) out += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
  return out;
}

// "RTMR1 and RTMR2 alone identify no TD: firmware that is not pinned can extend them as it likes".
std::string too_weak(const std::vector<std::string>& names, std::string_view nothing, std::string_view why_one, std::string_view why_several) {
  return fmt::format("{} alone {} no {}: {}", listed_names(names), names.size() == 1 ? "identifies" : "identify", nothing, names.size() == 1 ? why_one : why_several);
}

void tell_partial(const std::vector<Compared>& claims, Identity& out) {
  for (const Compared& c : claims) {
    if (!c.is_partial()) continue;
    if (out.pinned) out.open.push_back(fmt::format("{} as a whole: {} of {} bits are compared.", c.name, c.bits, c.width));
    else out.weak.push_back(fmt::format("{}: {} of {} bits compared, which identifies nothing", c.name, c.bits, c.width));
  }
}

// Values that whoever starts the guest may choose.
void tell_host_values(const std::vector<Compared>& claims, Identity& out) {
  std::vector<std::string> given;
  for (const Compared& c : claims)
    if (c.identifies || c.is_partial()) given.emplace_back(c.name);
  if (out.pinned || given.empty()) return;
  out.only_host_values = out.weak.empty();
  out.weak.push_back(too_weak(given, "image", "the host chooses it", "the host chooses them"));
}

Identity identity_of_snp(const Alternative& a) {
  const auto one = [&](std::string_view name, std::optional<BytesRule> SnpPolicy::*member) { return compared(name, a, &Sections::snp, member); };
  const Compared measurement = one("MEASUREMENT", &SnpPolicy::measurement), id_key = one("ID_KEY_DIGEST", &SnpPolicy::id_key_digest),
                 author_key = one("AUTHOR_KEY_DIGEST", &SnpPolicy::author_key_digest);
  Identity out{.pinned = measurement.identifies || id_key.identifies || author_key.identifies};
  // What the host measures at launch depends on how the guest boots; the report does not tell.
  if (measurement.identifies) out.open.emplace_back("What runs beyond the launch image: MEASUREMENT covers what was loaded at launch, which may be the firmware alone.");
  else if (id_key.identifies) out.open.emplace_back("Which image the guest runs: any guest that the pinned ID key signed is accepted.");
  else if (author_key.identifies) out.open.emplace_back("Which image the guest runs: any guest whose ID key the pinned author key signed is accepted.");
  tell_partial({measurement, id_key, author_key}, out);
  tell_host_values({one("HOST_DATA", &SnpPolicy::host_data)}, out);
  return out;
}

// Beside MRTD. Alone they say nothing: firmware that is not pinned can extend the registers as it likes.
void tell_registers(const Alternative& a, Identity& out) {
  std::vector<std::string> given, unpinned;
  std::vector<Compared> registers;
  bool events = false;
  for (const Sections* place : {static_cast<const Sections*>(&a), &a.also})
    for (const auto& [name, rule] : place->tdx.events) events |= is_enforced_equality(rule);
  static constexpr std::string_view kNames[] = {"RTMR0", "RTMR1", "RTMR2", "RTMR3"};
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    Compared c{.name = kNames[i]};
    for (const Sections* place : {static_cast<const Sections*>(&a), &a.also})
      if (place->tdx.rtmr[i]) c.add(*place->tdx.rtmr[i]);
    if (c.full || c.is_partial()) given.emplace_back(c.name);
    if (!c.full) unpinned.push_back(std::string(c.name) + (i == 3 && events ? " (beside the pinned events)" : ""));
    registers.push_back(c);
  }
  if (events) given.emplace_back("events");
  if (out.pinned && !unpinned.empty())
    out.open.push_back(fmt::format("What is measured into {}: {} not pinned, and MRTD covers the initial firmware alone.", listed_names(unpinned), unpinned.size() == 1 ? "it is" : "they are"));
  if (!out.pinned && !given.empty())
    out.weak.push_back(too_weak(given, "TD", "firmware that is not pinned can extend it as it likes", "firmware that is not pinned can extend them as it likes"));
  tell_partial(registers, out);
}

Identity identity_of_td(const Alternative& a) {
  const auto one = [&](std::string_view name, std::optional<BytesRule> TdxPolicy::*member) { return compared(name, a, &Sections::tdx, member); };
  const Compared mr_td = one("MRTD", &TdxPolicy::mr_td);
  Identity out{.pinned = mr_td.identifies};
  tell_partial({mr_td}, out);
  tell_registers(a, out);
  tell_host_values({one("MRCONFIGID", &TdxPolicy::mr_config_id), one("MROWNER", &TdxPolicy::mr_owner), one("MROWNERCONFIG", &TdxPolicy::mr_owner_config)}, out);
  return out;
}

// A signer alone has many enclaves; its product id, which may be zero, says which. File and flag may say one half each.
Identity identity_of_enclave(const Alternative& a) {
  const auto one = [&](std::string_view name, std::optional<BytesRule> SgxPolicy::*member) { return compared(name, a, &Sections::sgx, member); };
  const Compared enclave = one("MRENCLAVE", &SgxPolicy::mr_enclave), signer = one("MRSIGNER", &SgxPolicy::mr_signer);
  const auto products = rules_of(a, &Sections::sgx, &SgxPolicy::isv_prod_id);
  const bool product = std::any_of(products.begin(), products.end(), [](const UintRule* rule) { return !rule->unchecked && rule->severity == Sev::fail && !rule->any_of.empty(); });
  Identity out{.pinned = enclave.identifies || (signer.identifies && product)};
  if (out.pinned && !enclave.identifies) out.open.emplace_back("Which enclave this is: any of this signer and product id is accepted.");
  if (!out.pinned && signer.identifies) out.weak.push_back(too_weak({"MRSIGNER"}, "enclave", "a signer has many", ""));
  if (!out.pinned && product) out.weak.push_back(too_weak({"ISVPRODID"}, "enclave", "every signer numbers its own", ""));
  tell_partial({enclave, signer}, out);
  return out;
}

}  // namespace

Identity identity_of(const Alternative& alternative, std::string_view format) {
  if (format == "snp") return identity_of_snp(alternative);
  if (format == "tdx") return identity_of_td(alternative);
  if (format == "sgx") return identity_of_enclave(alternative);
  return {};   // no section describes it
}

bool pins_identity(const Alternative& alternative, std::string_view format) { return identity_of(alternative, format).pinned; }

}  // namespace atls::policy
