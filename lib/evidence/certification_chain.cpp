#include "evidence/certification_chain.hpp"

#include "asn1/der.hpp"
#include "evidence/evidence.hpp"
#include "pem/pem.hpp"

namespace atls::evidence {
namespace {

// Some platforms put no line break between two certificates, which is not PEM (RFC 7468 section 2).
Buffer with_line_breaks(Bytes pem) {
  constexpr std::string_view joint = "-----END CERTIFICATE----------BEGIN CERTIFICATE-----";
  std::string text(as_text(pem));
  for (std::size_t at = text.find(joint); at != std::string::npos; at = text.find(joint, at + 1)) text.insert(at + joint.find("-----BEGIN"), "\n");
  return to_buffer(text);
}

// Letters before, between and behind whole blocks.
std::size_t letters_outside(std::string_view text) {
  constexpr std::string_view kBegin = "-----BEGIN ", kEnd = "-----END ", kDashes = "-----";
  std::size_t count = 0;
  const auto add = [&](std::string_view part) {
    for (const char c : part) count += c != ' ' && c != '\t' && c != '\r' && c != '\n' && c != 0;
  };
  for (;;) {
    const std::size_t begin = text.find(kBegin);
    add(text.substr(0, begin));
    if (begin == std::string_view::npos) return count;
    const std::size_t end = text.find(kEnd, begin), dashes = end == std::string_view::npos ? end : text.find(kDashes, end + kEnd.size());
    if (dashes == std::string_view::npos) return count;
    text.remove_prefix(dashes + kDashes.size());
  }
}

void split_pem(Bytes data, SplitChain& out) {
  const Buffer lines = with_line_breaks(data);
  auto blocks = pem::parse(lines);
  if (!blocks) {
    out.error = blocks.error().message();
    const std::size_t begin = as_text(lines).rfind("-----BEGIN ", blocks.error().offset);
    if (begin == std::string_view::npos) return;
    blocks = pem::parse(Bytes(lines).first(begin));
    if (!blocks) return;
  }
  for (pem::Block& block : *blocks) {
    if (block.label == "CERTIFICATE") out.certificates.push_back(std::move(block.data));
    else if (out.error.empty()) out.error = "a PEM block \"" + block.label + "\" stands among the certificates";
  }
  out.text = letters_outside(as_text(lines));
}

void split_der(Bytes data, SplitChain& out) {
  for (std::size_t at = 0; at < data.size() && out.certificates.size() <= kMaxChain;) {
    const auto tlv = asn1::read(data, at);
    if (!tlv) {
      out.error = tlv.error().message();
      return;
    }
    const std::size_t size = tlv->header + tlv->content.size();
    out.certificates.push_back(to_buffer(data.subspan(at, size)));
    at += size;
  }
}

}  // namespace

SplitChain split_chain(Bytes data) {
  SplitChain out;
  while (!data.empty() && data.back() == 0) data = data.first(data.size() - 1);
  if (!data.empty() && data[0] == 0x30)
    split_der(data, out);
  else
    split_pem(data, out);
  if (out.certificates.empty() && out.error.empty()) out.error = "no certificate in it";
  if (out.certificates.size() > kMaxChain) {
    out.certificates.resize(kMaxChain);
    out.error = "more than " + std::to_string(kMaxChain) + " certificates";
  }
  return out;
}

}  // namespace atls::evidence
