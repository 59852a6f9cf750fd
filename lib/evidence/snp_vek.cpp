#include "evidence/snp_vek.hpp"

#include <algorithm>
#include <array>

#include "asn1/der.hpp"
#include "crypto/oids.hpp"
#include "evidence/trust.hpp"

namespace atls::evidence {
namespace {

constexpr std::string_view kAmdArc = "1.3.6.1.4.1.3704.";
constexpr std::string_view kStructVersion = "1.3.6.1.4.1.3704.1.1", kProductName = "1.3.6.1.4.1.3704.1.2",
                           kHwId = "1.3.6.1.4.1.3704.1.4", kCspId = "1.3.6.1.4.1.3704.1.5", kFmcSpl = "1.3.6.1.4.1.3704.1.3.9";

// Where each SPL stands in the eight TCB bytes; -1: the layout does not have it (Turin keeps spl5 to spl7, always zero).
struct Spl {
  std::string_view oid, name;
  int legacy_byte, turin_byte;
  bool on_turin;
};
constexpr std::array kSpls{
    Spl{"1.3.6.1.4.1.3704.1.3.1", "blSPL", 0, 1, true},
    Spl{"1.3.6.1.4.1.3704.1.3.2", "teeSPL", 1, 2, true},
    Spl{"1.3.6.1.4.1.3704.1.3.3", "snpSPL", 6, 3, true},
    Spl{"1.3.6.1.4.1.3704.1.3.4", "spl4", 2, -1, false},
    Spl{"1.3.6.1.4.1.3704.1.3.5", "spl5", 3, 4, true},
    Spl{"1.3.6.1.4.1.3704.1.3.6", "spl6", 4, 5, true},
    Spl{"1.3.6.1.4.1.3704.1.3.7", "spl7", 5, 6, true},
    Spl{"1.3.6.1.4.1.3704.1.3.8", "ucodeSPL", 7, 7, true},
    Spl{kFmcSpl, "fmcSPL", -1, 0, true},
};

class Reader {
 public:
  explicit Reader(const crypto::Certificate& certificate) : certificate_(certificate) {}

  VekFacts read() {
    facts_.is_vlek = certificate_.subject_cn() == kVlekCn;
    classify();
    integer(kStructVersion, "structVersion");
    if (const auto* e = once(kProductName, "productName")) {
      const auto text = asn1::ia5_or_utf8_text(e->value);
      if (!text)
        problem("productName is not a string");
      else
        facts_.product_name = *text, facts_.product = snp::product_from_name(*text).value_or(snp::ProductLine::unknown);
    }
    facts_.layout = layout();
    spls();
    identity();
    return std::move(facts_);
  }

 private:
  void problem(std::string text) { facts_.problems.push_back(std::move(text)); }

  void classify() {
    for (const crypto::Extension& e : certificate_.extensions()) {
      const bool known = e.oid == kStructVersion || e.oid == kProductName || e.oid == kHwId || e.oid == kCspId ||
                         std::any_of(kSpls.begin(), kSpls.end(), [&](const Spl& s) { return s.oid == e.oid; });
      // An AKI is harmless, but RFC 5280 4.2.1.1 never has it critical: then it is none of ours.
      if (known || (e.oid == crypto::oid::kAuthorityKeyId && !e.critical)) continue;
      if (e.critical)
        facts_.critical_unknown.push_back(e.oid);
      else if (e.oid.starts_with(kAmdArc))
        facts_.amd_unknown.push_back(e.oid);
      else
        facts_.unknown.push_back(e.oid);
    }
  }

  // The extension when it is there exactly once; says what is wrong otherwise.
  const crypto::Extension* once(std::string_view oid, std::string_view name) {
    const crypto::Extension* found = nullptr;
    for (const crypto::Extension& e : certificate_.extensions()) {
      if (e.oid != oid) continue;
      if (found != nullptr) return problem(std::string(name) + " occurs twice"), nullptr;
      found = &e;
    }
    if (found == nullptr) problem(std::string(name) + " is missing");
    return found;
  }

  std::optional<std::uint8_t> integer(std::string_view oid, std::string_view name) {
    const auto* e = once(oid, name);
    if (e == nullptr) return std::nullopt;
    const auto value = asn1::unsigned_integer(e->value);
    if (!value || *value > 255) return problem(std::string(name) + " is not an INTEGER from 0 to 255"), std::nullopt;
    return static_cast<std::uint8_t>(*value);
  }

  // The product decides; without a readable one, only Turin's certificates have an fmcSPL.
  snp::TcbLayout layout() const {
    if (facts_.product != snp::ProductLine::unknown) return snp::tcb_layout(facts_.product);
    if (const auto issuer = ca_from_subject_cn(certificate_.issuer_cn())) return snp::tcb_layout(issuer->second);
    return certificate_.extension(kFmcSpl) != nullptr ? snp::TcbLayout::turin : snp::TcbLayout::legacy;
  }

  void spls() {
    const bool turin = facts_.layout == snp::TcbLayout::turin;
    snp::TcbVersion tcb;
    bool complete = true;
    for (const Spl& spl : kSpls) {
      const int byte = turin ? spl.turin_byte : spl.legacy_byte;
      if (byte < 0) continue;
      const auto value = integer(spl.oid, spl.name);
      if (value)
        tcb.raw[static_cast<std::size_t>(byte)] = *value;
      else
        complete = false;
    }
    if (complete) facts_.tcb = tcb;
  }

  void identity() {
    const bool has_hwid = certificate_.extension(kHwId) != nullptr, has_csp = certificate_.extension(kCspId) != nullptr;
    if (!facts_.is_vlek || has_hwid) hwid();
    if (facts_.is_vlek || has_csp) {
      if (const auto* e = once(kCspId, "cspID")) {
        const auto text = asn1::ia5_or_utf8_text(e->value);
        if (!text || text->empty())
          problem("cspID is not a string");
        else
          facts_.csp_id = *text;
      }
    }
    if (facts_.is_vlek && has_hwid) problem("a VLEK has no hwID");
    if (!facts_.is_vlek && has_csp) problem("a VCEK has no cspID");
  }

  // Real certificates carry the raw 64 (Turin: 8) bytes; AMD's documentation and test certificates wrap them in an OCTET STRING.
  void hwid() {
    const auto* e = once(kHwId, "hwID");
    if (e == nullptr) return;
    const auto is_size = [](std::size_t n) { return n == 64 || n == 8; };
    if (is_size(e->value.size())) {
      facts_.hwid = e->value;
    } else if (const auto tlv = asn1::read_exactly(e->value); tlv && tlv->tag == 0x04 && is_size(tlv->content.size())) {
      facts_.hwid = to_buffer(tlv->content);
      facts_.hwid_wrapped = true;
    } else {
      problem("hwID is neither 64 nor 8 bytes");
    }
    const std::size_t expected = facts_.layout == snp::TcbLayout::turin ? 8 : 64;
    if (!facts_.hwid.empty() && facts_.hwid.size() != expected)
      problem("hwID has " + std::to_string(facts_.hwid.size()) + " bytes, this product line " + std::to_string(expected));
  }

  const crypto::Certificate& certificate_;
  VekFacts facts_;
};

}  // namespace

VekFacts vek_facts(const crypto::Certificate& certificate) {
  return Reader(certificate).read();
}

}  // namespace atls::evidence
