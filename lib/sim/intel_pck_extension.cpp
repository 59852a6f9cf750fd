#include "sim/intel_pck_extension.hpp"

#include "asn1/der.hpp"
#include "base/writer.hpp"
#include "sim/intel_quote_faults.hpp"

namespace atls::sim {
namespace {

constexpr std::uint8_t kPckSequence = 0x30;
constexpr std::size_t kTcbEntry = 1, kLastComponent = 15;     // in the order of the profile

Buffer sequence(Bytes content) {
  Writer out;
  out.u8(kPckSequence);
  if (content.size() >= 0x100) out.u8(0x82).u16be(static_cast<std::uint16_t>(content.size()));
  else if (content.size() >= 0x80) out.u8(0x81).u8(static_cast<std::uint8_t>(content.size()));
  else out.u8(static_cast<std::uint8_t>(content.size()));
  return out.bytes(content).take();
}

// The elements of a SEQUENCE's content, each with its header. Only what encode_pck_extension wrote comes here.
std::vector<Bytes> elements(Bytes content) {
  std::vector<Bytes> out;
  for (std::size_t at = 0; at < content.size();) {
    const auto element = asn1::read(content, at);
    out.push_back(content.subspan(at, element->header + element->content.size()));
    at += out.back().size();
  }
  return out;
}

Buffer joined(const std::vector<Bytes>& parts) {
  Writer out;
  for (const Bytes part : parts) out.bytes(part);
  return out.take();
}

Buffer without_last_component(Bytes extension) {
  std::vector<Bytes> entries = elements(asn1::read_exactly(extension)->content);
  std::vector<Bytes> tcb = elements(asn1::read_exactly(entries[kTcbEntry])->content);          // OID, SEQUENCE of components
  std::vector<Bytes> components = elements(asn1::read_exactly(tcb[1])->content);
  components.erase(components.begin() + kLastComponent);
  const Buffer fewer = sequence(joined(components));
  tcb[1] = fewer;
  const Buffer entry = sequence(joined(tcb));
  entries[kTcbEntry] = entry;
  return sequence(joined(entries));
}

}  // namespace

Buffer make_pck_extension(const IntelOptions& options, const IntelIdentity& identity) {
  if (has_fault(options, "sgx-extension-missing")) return {};
  intel::PckExtension fields = identity.pck;
  if (has_fault(options, "cpusvn-mismatch")) fields.cpu_svn[0] += 1;
  const Buffer extension = intel::encode_pck_extension(fields);
  return has_fault(options, "sgx-extension-17-entries") ? without_last_component(extension) : extension;
}

}  // namespace atls::sim
