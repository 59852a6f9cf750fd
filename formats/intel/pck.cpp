#include "intel/pck.hpp"

#include <algorithm>

#include "asn1/der.hpp"
#include "base/writer.hpp"

namespace atls::intel {
namespace {

constexpr std::uint8_t kBoolean = 0x01, kInteger = 0x02, kOctetString = 0x04, kOid = 0x06, kEnumerated = 0x0A, kSequence = 0x30;
constexpr std::size_t kMaxEntries = 64;
constexpr std::array<std::uint8_t, 9> kArc{0x2A, 0x86, 0x48, 0x86, 0xF8, 0x4D, 0x01, 0x0D, 0x01};   // 1.2.840.113741.1.13.1
constexpr const char* kConfiguration[] = {"dynamic_platform", "cached_keys", "smt_enabled"};

Error bad_pck(std::string field, std::string detail, std::size_t offset) { return {Errc::bad_value, "pck_extension." + std::move(field), std::move(detail), offset}; }

// SEQUENCE { OID arc.arcs..., value }; arcs after kArc are all below 128, one octet each.
struct Entry { Buffer arcs; asn1::Tlv value; Bytes whole; std::size_t offset = 0; };

class Reader {
 public:
  explicit Reader(Bytes all) : all_(all) {}

  // `content` lies inside the input; names say where.
  Result<std::vector<Entry>> entries(Bytes content, const char* name) const {
    std::vector<Entry> out;
    const std::size_t base = offset_of(content);
    for (std::size_t at = 0; at < content.size();) {
      if (out.size() == kMaxEntries) return Error{Errc::too_large, std::string("pck_extension.") + name, "more than " + std::to_string(kMaxEntries) + " entries", base + at};
      const auto sequence = asn1::read(content, at);
      if (!sequence) return moved(sequence.error(), base, name);
      if (sequence->tag != kSequence) return bad_pck(name, "expected a SEQUENCE per entry", base + at);
      at += sequence->header + sequence->content.size();
      const std::size_t inside = offset_of(sequence->content);
      const auto oid = asn1::read(sequence->content);
      if (!oid) return moved(oid.error(), inside, name);
      if (oid->tag != kOid) return bad_pck(name, "expected an OID", inside);
      const std::size_t value_at = oid->header + oid->content.size();
      const auto value = asn1::read_exactly(sequence->content.subspan(value_at));
      if (!value) return moved(value.error(), inside + value_at, name);
      Entry e;
      if (oid->content.size() > kArc.size() && std::equal(kArc.begin(), kArc.end(), oid->content.begin())) e.arcs = to_buffer(oid->content.subspan(kArc.size()));
      e.value = *value;
      e.whole = sequence->content.subspan(value_at);
      e.offset = inside + value_at;
      out.push_back(std::move(e));
    }
    return out;
  }
  std::size_t offset_of(Bytes part) const { return part.empty() ? all_.size() : static_cast<std::size_t>(part.data() - all_.data()); }

 private:
  static Error moved(Error e, std::size_t base, const char* name) { return {e.code, std::string("pck_extension.") + name, std::move(e.detail), e.offset + base}; }
  Bytes all_;
};

class Builder {
 public:
  Builder(PckExtension& out, const Reader& reader) : out_(out), reader_(reader) {}

  template <std::size_t N>
  Status octets(const Entry& e, std::string name, std::array<std::uint8_t, N>& to) {
    if (e.value.tag != kOctetString) return bad_pck(name, "expected an OCTET STRING", e.offset);
    if (e.value.content.size() != N) return bad_pck(name, "expected " + std::to_string(N) + " bytes, found " + std::to_string(e.value.content.size()), e.offset);
    std::copy(e.value.content.begin(), e.value.content.end(), to.begin());
    return place(e, std::move(name));
  }
  Status number(const Entry& e, std::string name, std::uint64_t limit, std::uint64_t& to) {
    const auto value = asn1::unsigned_integer(e.whole);
    if (!value) return bad_pck(name, value.error().detail, e.offset);
    if (*value > limit) return bad_pck(name, "expected at most " + std::to_string(limit) + ", found " + std::to_string(*value), e.offset);
    to = *value;
    return place(e, std::move(name));
  }
  Status boolean(const Entry& e, std::string name, std::optional<bool>& to) {
    if (e.value.tag != kBoolean || e.value.content.size() != 1 || (e.value.content[0] != 0 && e.value.content[0] != 0xFF)) return bad_pck(name, "expected a BOOLEAN", e.offset);
    to = e.value.content[0] != 0;
    return place(e, std::move(name));
  }
  Status place(const Entry& e, std::string name) {
    const bool seen = std::any_of(out_.places.begin(), out_.places.end(), [&](const auto& p) { return p.name == name; });
    if (seen) return bad_pck(name, "occurs twice", e.offset);
    out_.places.push_back({std::move(name), reader_.offset_of(e.value.content), e.value.content.size()});
    return ok();
  }

 private:
  PckExtension& out_;
  const Reader& reader_;
};

std::string component_name(std::size_t n) { return std::string("tcb.comp") + (n < 10 ? "0" : "") + std::to_string(n); }

Status read_tcb(const Entry& tcb, const Reader& reader, Builder& build, PckExtension& out) {
  if (tcb.value.tag != kSequence) return bad_pck("tcb", "expected a SEQUENCE", tcb.offset);
  const auto entries = reader.entries(tcb.value.content, "tcb");
  if (!entries) return entries.error();
  out.tcb_entries = entries->size();
  if (entries->size() != 18) return bad_pck("tcb", "expected 18 entries, found " + std::to_string(entries->size()), tcb.offset);
  for (const Entry& e : *entries) {
    const unsigned n = e.arcs.size() == 2 && e.arcs[0] == 2 ? e.arcs[1] : 0;
    if (n < 1 || n > 18) return bad_pck("tcb", "unexpected OID", e.offset);
    std::uint64_t value = 0;
    const Status done = n == 18 ? build.octets(e, "tcb.cpu_svn", out.cpu_svn) : build.number(e, n == 17 ? "tcb.pce_svn" : component_name(n), n == 17 ? 0xFFFF : 0xFF, value);
    if (!done) return done;
    if (n <= 16) out.components[n - 1] = static_cast<std::uint8_t>(value);
    if (n == 17) out.pce_svn = static_cast<std::uint16_t>(value);
  }
  return build.place(tcb, "tcb");
}

Status read_configuration(const Entry& configuration, const Reader& reader, Builder& build, PckExtension& out) {
  if (configuration.value.tag != kSequence) return bad_pck("configuration", "expected a SEQUENCE", configuration.offset);
  const auto entries = reader.entries(configuration.value.content, "configuration");
  if (!entries) return entries.error();
  std::optional<bool>* fields[] = {&out.dynamic_platform, &out.cached_keys, &out.smt_enabled};
  for (const Entry& e : *entries) {
    const unsigned n = e.arcs.size() == 2 && e.arcs[0] == 7 ? e.arcs[1] : 0;
    if (n < 1 || n > 3) continue;   // later flags are not known here
    if (const Status done = build.boolean(e, std::string("configuration.") + kConfiguration[n - 1], *fields[n - 1]); !done) return done;
  }
  return build.place(configuration, "configuration");
}

Status read_entry(const Entry& e, const Reader& reader, Builder& build, PckExtension& out) {
  switch (e.arcs.size() == 1 ? e.arcs[0] : 0) {
    case 1: return build.octets(e, "ppid", out.ppid);
    case 2: return read_tcb(e, reader, build, out);
    case 3: return build.octets(e, "pce_id", out.pce_id);
    case 4: return build.octets(e, "fmspc", out.fmspc);
    case 5: {
      if (e.value.tag != kEnumerated || e.value.content.size() != 1) return bad_pck("sgx_type", "expected an ENUMERATED of one byte", e.offset);
      out.sgx_type = e.value.content[0];
      return build.place(e, "sgx_type");
    }
    case 6: {
      out.platform_instance_id.emplace();
      return build.octets(e, "platform_instance_id", *out.platform_instance_id);
    }
    case 7: return read_configuration(e, reader, build, out);
    default: return ok();   // an entry of a later profile
  }
}

Buffer tlv(std::uint8_t tag, Bytes content) {
  Writer out;
  out.u8(tag);
  if (content.size() >= 0x100) out.u8(0x82).u16be(static_cast<std::uint16_t>(content.size()));
  else if (content.size() >= 0x80) out.u8(0x81).u8(static_cast<std::uint8_t>(content.size()));
  else out.u8(static_cast<std::uint8_t>(content.size()));
  out.bytes(content);
  return out.take();
}

void append(Buffer& to, const Buffer& more) { to.insert(to.end(), more.begin(), more.end()); }

Buffer entry(std::initializer_list<std::uint8_t> arcs, const Buffer& value) {
  Buffer oid(kArc.begin(), kArc.end());
  oid.insert(oid.end(), arcs);
  Buffer content = tlv(kOid, oid);
  append(content, value);
  return tlv(kSequence, content);
}

Buffer integer(unsigned v) {
  Buffer content;
  if (v >= 0x100) content.push_back(static_cast<std::uint8_t>(v >> 8));
  content.push_back(static_cast<std::uint8_t>(v));
  if ((content[0] & 0x80) != 0) content.insert(content.begin(), 0);
  return tlv(kInteger, content);
}

}  // namespace

Result<PckExtension> parse_pck_extension(Bytes value) {
  const auto outer = asn1::read_exactly(value);
  if (!outer) return Error{outer.error().code, "pck_extension", outer.error().detail, outer.error().offset};
  if (outer->tag != kSequence) return bad_pck("SEQUENCE", "expected tag 48, found " + std::to_string(outer->tag), 0);
  const Reader reader(value);
  const auto entries = reader.entries(outer->content, "entries");
  if (!entries) return entries.error();
  PckExtension out;
  out.entries = entries->size();
  Builder build(out, reader);
  for (const Entry& e : *entries)
    if (const Status done = read_entry(e, reader, build, out); !done) return done.error();
  for (const char* needed : {"ppid", "tcb", "pce_id", "fmspc", "sgx_type"}) {
    const bool found = std::any_of(out.places.begin(), out.places.end(), [&](const auto& p) { return p.name == needed; });
    if (!found) return bad_pck(needed, "missing", 0);
  }
  return out;
}

Buffer encode_pck_extension(const PckExtension& x) {
  Buffer tcb;
  for (std::uint8_t i = 0; i < 16; ++i) append(tcb, entry({2, static_cast<std::uint8_t>(i + 1)}, integer(x.components[i])));
  append(tcb, entry({2, 17}, integer(x.pce_svn)));
  append(tcb, entry({2, 18}, tlv(kOctetString, x.cpu_svn)));
  Buffer all = entry({1}, tlv(kOctetString, x.ppid));
  append(all, entry({2}, tlv(kSequence, tcb)));
  append(all, entry({3}, tlv(kOctetString, x.pce_id)));
  append(all, entry({4}, tlv(kOctetString, x.fmspc)));
  append(all, entry({5}, tlv(kEnumerated, Buffer{x.sgx_type})));
  if (x.platform_instance_id) append(all, entry({6}, tlv(kOctetString, *x.platform_instance_id)));
  Buffer configuration;
  const std::optional<bool> flags[] = {x.dynamic_platform, x.cached_keys, x.smt_enabled};
  for (std::uint8_t i = 0; i < 3; ++i)
    if (flags[i]) append(configuration, entry({7, static_cast<std::uint8_t>(i + 1)}, tlv(kBoolean, Buffer{static_cast<std::uint8_t>(*flags[i] ? 0xFF : 0)})));
  if (!configuration.empty()) append(all, entry({7}, tlv(kSequence, configuration)));
  return tlv(kSequence, all);
}

}  // namespace atls::intel
