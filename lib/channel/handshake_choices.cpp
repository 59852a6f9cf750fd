#include "channel/handshake_choices.hpp"

#include <algorithm>
#include <cstdio>

#include "base/cursor.hpp"

namespace atls::channel {
namespace {

constexpr int kLeastSecurityLevel = 2;
enum HandshakeType : std::uint8_t { kServerHello = 2, kServerKeyExchange = 12, kCertificateVerify = 15 };

// IANA "TLS Cipher Suites": ranges, first and last.
struct CipherRange { std::uint16_t first, last; };
constexpr CipherRange kNoEncryption[] = {{0x0000, 0x0002}, {0x002C, 0x002E}, {0x003B, 0x003B}, {0x00B0, 0x00B1}, {0x00B4, 0x00B5}, {0x00B8, 0x00B9},
                                         {0xC001, 0xC001}, {0xC006, 0xC006}, {0xC00B, 0xC00B}, {0xC010, 0xC010}, {0xC015, 0xC015}, {0xC039, 0xC03B}, {0xC0B4, 0xC0B5}};
constexpr CipherRange kNobodyAuthenticated[] = {{0x0018, 0x0018}, {0x001A, 0x001B}, {0x0034, 0x0034}, {0x003A, 0x003A}, {0x0046, 0x0046}, {0x006C, 0x006D},
                                                {0x0089, 0x0089}, {0x009B, 0x009B}, {0x00A6, 0x00A7}, {0x00BF, 0x00BF}, {0x00C5, 0x00C5}, {0xC016, 0xC019}};
constexpr CipherRange kExportStrength[] = {{0x0003, 0x0003}, {0x0006, 0x0006}, {0x0008, 0x0008}, {0x000B, 0x000B}, {0x000E, 0x000E}, {0x0011, 0x0011},
                                           {0x0014, 0x0014}, {0x0017, 0x0017}, {0x0019, 0x0019}, {0x0026, 0x002B}, {0x0060, 0x0065}};

template <std::size_t N>
bool in_ranges(const CipherRange (&ranges)[N], std::uint16_t cipher) {
  return std::any_of(std::begin(ranges), std::end(ranges), [&](const CipherRange& r) { return cipher >= r.first && cipher <= r.last; });
}

std::string hex_code(std::uint16_t code) {
  char text[8] = {};
  std::snprintf(text, sizeof text, "0x%04X", static_cast<unsigned>(code));
  return text;
}

}  // namespace

void HandshakeChoices::note(Bytes message) noexcept {
  Cursor in(message, "message");
  const std::uint8_t type = in.u8("type");
  in.u24be("length");
  std::optional<std::uint16_t>* into = nullptr;
  if (type == kServerHello) {              // RFC 8446 section 4.1.3: version, random, session id, cipher
    in.bytes(2 + 32, "version and random");
    const std::size_t id = in.u8("session id length");
    in.bytes(id, "session id");
    into = &cipher;
  } else if (type == kServerKeyExchange) { // RFC 8422 section 5.4: named curve, point, scheme; other key exchanges are not read
    if (in.u8("curve type") != 3) return;
    in.u16be("curve");
    const std::size_t point = in.u8("point length");
    in.bytes(point, "point");
    into = &signature;
  } else if (type == kCertificateVerify) {
    into = &signature;
  }
  if (into == nullptr) return;
  const std::uint16_t value = in.u16be("choice");
  if (!in.error()) *into = value;
}

std::string HandshakeChoices::weakness() const {
  if (cipher && in_ranges(kNoEncryption, *cipher)) return "chose the cipher " + hex_code(*cipher) + ", which encrypts nothing";
  if (cipher && in_ranges(kNobodyAuthenticated, *cipher)) return "chose the cipher " + hex_code(*cipher) + ", which authenticates nobody";
  if (cipher && in_ranges(kExportStrength, *cipher)) return "chose the cipher " + hex_code(*cipher) + ", which was made weak for export";
  // RFC 5246 section 7.4.1.4.1: the first byte is the hash; 1 is MD5, 2 is SHA-1.
  const int hash = signature ? *signature >> 8 : 0;
  if (hash == 1 || hash == 2) return "signed the handshake with " + std::string(hash == 1 ? "MD5" : "SHA-1");
  return {};
}

int security_level(const SSL_CTX& context) { return std::max(kLeastSecurityLevel, SSL_CTX_get_security_level(&context)); }

}  // namespace atls::channel
