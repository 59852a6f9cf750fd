#include "intel/collateral.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/hex.hpp"
#include "base/json.hpp"

namespace atls::intel {
namespace {

using nlohmann::json;

constexpr JsonLimits kLimits{32, 1024 * 1024};   // real documents: below 10 KiB, 6 levels
constexpr std::size_t kMaxLevels = 1024, kMaxIdentities = 256, kMaxAdvisories = 256, kMaxUnknown = 256;
constexpr std::size_t kSignatureSize = 64;

bool is_time(std::string_view t) {   // YYYY-MM-DDThh:mm:ssZ
  constexpr std::string_view form = "0000-00-00T00:00:00Z";
  if (t.size() != form.size()) return false;
  for (std::size_t i = 0; i < form.size(); ++i)
    if (form[i] == '0' ? t[i] < '0' || t[i] > '9' : t[i] != form[i]) return false;
  const auto two = [&](std::size_t at) { return (t[at] - '0') * 10 + t[at + 1] - '0'; };
  return two(5) >= 1 && two(5) <= 12 && two(8) >= 1 && two(8) <= 31 && two(11) <= 23 && two(14) <= 59 && two(17) <= 59;
}

// Reads members of one object with strict types; the first problem stays. Members that nobody asked for are told by done().
class Object {
 public:
  Object(const json& value, std::string path, std::optional<Error>& error, std::vector<std::string>& unknown) : value_(value), path_(std::move(path)), error_(error), unknown_(unknown) {
    if (!value.is_object()) fail("", "expected an object");
  }

  bool has(const std::string& name) {
    used_.push_back(name);
    return !error_ && value_.contains(name);
  }
  const json* member(const std::string& name) {
    if (has(name)) return &value_[name];
    fail("/" + name, "missing");
    return nullptr;
  }
  std::string text(const std::string& name) {
    const json* m = member(name);
    if (m == nullptr) return {};
    const auto* s = m->get_ptr<const std::string*>();
    if (s == nullptr) return fail("/" + name, "expected text"), std::string();
    return *s;
  }
  std::string time(const std::string& name) {
    std::string out = text(name);
    if (!error_ && !is_time(out)) fail("/" + name, "expected a time like 2026-01-31T12:00:00Z");
    return out;
  }
  std::uint64_t number(const std::string& name, std::uint64_t limit) {
    const json* m = member(name);
    if (m == nullptr) return 0;
    const auto* n = m->get_ptr<const json::number_unsigned_t*>();
    if (n == nullptr || *n > limit) return fail("/" + name, "expected a whole number from 0 to " + std::to_string(limit)), 0;
    return *n;
  }
  template <std::size_t N>
  void bytes(const std::string& name, std::array<std::uint8_t, N>& to) {
    const std::string t = text(name);
    if (error_) return;
    const auto out = from_hex_of_size(t, N, name);
    if (!out) return fail("/" + name, "expected " + std::to_string(2 * N) + " hexadecimal digits");
    std::copy(out->begin(), out->end(), to.begin());
  }
  std::string hex_text(const std::string& name, std::size_t size) {
    std::string t = text(name);
    if (!error_ && !from_hex_of_size(t, size, name)) fail("/" + name, "expected " + std::to_string(2 * size) + " hexadecimal digits");
    return t;
  }
  // Calls `each` for every item, with the item's path.
  template <class F>
  void array(const std::string& name, std::size_t limit, F each) {
    const json* m = member(name);
    if (m == nullptr) return;
    if (!m->is_array()) return fail("/" + name, "expected an array");
    if (m->size() > limit) return fail("/" + name, "more than " + std::to_string(limit) + " items", Errc::too_large);
    for (std::size_t i = 0; i < m->size() && !error_; ++i) each((*m)[i], path_ + "/" + name + "/" + std::to_string(i));
  }
  Object inside(const std::string& name) {
    static const json nothing = json::object();
    const json* m = member(name);
    return Object(m == nullptr ? nothing : *m, path_ + "/" + name, error_, unknown_);
  }
  void fail(const std::string& where, std::string detail, Errc code = Errc::bad_value) {
    if (!error_) error_ = Error{code, path_ + where, std::move(detail), 0};
  }
  void done() {
    if (error_) return;
    for (const auto& [name, value] : value_.items()) {
      if (std::find(used_.begin(), used_.end(), name) != used_.end()) continue;
      if (unknown_.size() == kMaxUnknown) return fail("", "more than " + std::to_string(kMaxUnknown) + " members that are not known", Errc::too_large);
      std::string pointer;   // RFC 6901
      for (const char c : name) pointer += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
      unknown_.push_back(path_ + "/" + pointer);
    }
  }
  bool ok() const { return !error_; }
  std::optional<Error>& error() { return error_; }
  std::vector<std::string>& unknown() { return unknown_; }

 private:
  const json& value_;
  std::string path_;
  std::optional<Error>& error_;
  std::vector<std::string>& unknown_;
  std::vector<std::string> used_;
};

std::vector<std::string> read_advisories(Object& in) {
  std::vector<std::string> out;
  if (!in.has("advisoryIDs")) return out;
  in.array("advisoryIDs", kMaxAdvisories, [&](const json& item, const std::string&) {
    const auto* text = item.get_ptr<const std::string*>();
    if (text == nullptr) return in.fail("/advisoryIDs", "expected texts");
    out.push_back(*text);
  });
  return out;
}

std::vector<IsvLevel> read_isv_levels(Object& in) {
  std::vector<IsvLevel> out;
  in.array("tcbLevels", kMaxLevels, [&](const json& item, const std::string& path) {
    Object level(item, path, in.error(), in.unknown());
    IsvLevel l;
    Object tcb = level.inside("tcb");
    l.isv_svn = static_cast<std::uint16_t>(tcb.number("isvsvn", 0xFFFF));
    tcb.done();
    l.tcb_date = level.time("tcbDate");
    l.status = level.text("tcbStatus");
    l.advisories = read_advisories(level);
    level.done();
    out.push_back(std::move(l));
  });
  return out;
}

std::array<TcbComponentEntry, 16> read_components(Object& tcb, const char* name) {
  std::array<TcbComponentEntry, 16> out{};
  std::size_t count = 0;
  tcb.array(name, 16, [&](const json& item, const std::string& path) {
    Object component(item, path, tcb.error(), tcb.unknown());
    TcbComponentEntry& c = out[count++];
    c.svn = static_cast<std::uint8_t>(component.number("svn", 0xFF));
    if (component.has("category")) c.category = component.text("category");
    if (component.has("type")) c.type = component.text("type");
    component.done();
  });
  if (tcb.ok() && count != 16) tcb.fail(std::string("/") + name, "expected 16 components, found " + std::to_string(count));
  return out;
}

TcbLevel read_tcb_level(Object& level, std::uint32_t version, bool tdx) {
  TcbLevel l;
  Object tcb = level.inside("tcb");
  if (version == 2) {
    for (std::size_t i = 0; i < 16; ++i) {
      const std::string digits = (i < 9 ? "0" : "") + std::to_string(i + 1);
      l.sgx[i].svn = static_cast<std::uint8_t>(tcb.number("sgxtcbcomp" + digits + "svn", 0xFF));
    }
  } else {
    l.sgx = read_components(tcb, "sgxtcbcomponents");
    if (tdx) l.tdx = read_components(tcb, "tdxtcbcomponents");
  }
  l.pce_svn = static_cast<std::uint16_t>(tcb.number("pcesvn", 0xFFFF));
  tcb.done();
  l.tcb_date = level.time("tcbDate");
  l.status = level.text("tcbStatus");
  l.advisories = read_advisories(level);
  level.done();
  return l;
}

void read_module(Object& in, TdxModuleIdentity& m) {
  in.bytes("mrsigner", m.mr_signer);
  in.bytes("attributes", m.attributes);
  in.bytes("attributesMask", m.attributes_mask);
}

void read_tcb_info(Object& in, TcbInfo& out) {
  out.version = static_cast<std::uint32_t>(in.number("version", 0xFFFFFFFF));
  if (in.ok() && out.version != 2 && out.version != 3) in.fail("/version", "expected 2 or 3, found " + std::to_string(out.version), Errc::unsupported);
  out.id = out.version == 2 ? "SGX" : in.text("id");
  if (in.ok() && out.id != "SGX" && out.id != "TDX") in.fail("/id", "expected \"SGX\" or \"TDX\"", Errc::unsupported);
  out.issue_date = in.time("issueDate");
  out.next_update = in.time("nextUpdate");
  out.fmspc = in.hex_text("fmspc", 6);
  out.pce_id = in.hex_text("pceId", 2);
  out.tcb_type = static_cast<std::uint32_t>(in.number("tcbType", 0xFFFFFFFF));
  out.evaluation_number = static_cast<std::uint32_t>(in.number("tcbEvaluationDataNumber", 0xFFFFFFFF));
  const bool tdx = out.id == "TDX";
  if (tdx) {
    Object module = in.inside("tdxModule");
    out.tdx_module.emplace();
    read_module(module, *out.tdx_module);
    module.done();
    if (in.has("tdxModuleIdentities"))
      in.array("tdxModuleIdentities", kMaxIdentities, [&](const json& item, const std::string& path) {
        Object identity(item, path, in.error(), in.unknown());
        TdxModuleIdentity m;
        m.id = identity.text("id");
        read_module(identity, m);
        m.levels = read_isv_levels(identity);
        identity.done();
        out.tdx_module_identities.push_back(std::move(m));
      });
  }
  in.array("tcbLevels", kMaxLevels, [&](const json& item, const std::string& path) {
    Object level(item, path, in.error(), in.unknown());
    out.levels.push_back(read_tcb_level(level, out.version, tdx));
  });
  if (in.ok() && out.levels.empty()) in.fail("/tcbLevels", "expected at least one level");
  in.done();
}

void read_qe_identity(Object& in, QeIdentity& out) {
  out.id = in.text("id");
  out.version = static_cast<std::uint32_t>(in.number("version", 0xFFFFFFFF));
  if (in.ok() && out.version != 2) in.fail("/version", "expected 2, found " + std::to_string(out.version), Errc::unsupported);
  out.issue_date = in.time("issueDate");
  out.next_update = in.time("nextUpdate");
  out.evaluation_number = static_cast<std::uint32_t>(in.number("tcbEvaluationDataNumber", 0xFFFFFFFF));
  in.bytes("miscselect", out.misc_select);
  in.bytes("miscselectMask", out.misc_select_mask);
  in.bytes("attributes", out.attributes);
  in.bytes("attributesMask", out.attributes_mask);
  in.bytes("mrsigner", out.mr_signer);
  out.isv_prod_id = static_cast<std::uint16_t>(in.number("isvprodid", 0xFFFF));
  out.levels = read_isv_levels(in);
  if (in.ok() && out.levels.empty()) in.fail("/tcbLevels", "expected at least one level");
  in.done();
}

// A response is parsed once as a whole, so that a key cannot occur twice around the signed member either.
template <class T, class F>
Result<T> from_parts(Bytes signed_text, Bytes signature, std::string_view what, F read) {
  const auto document = parse_json(signed_text, what, kLimits);
  if (!document) return document.error();
  if (signature.size() != kSignatureSize) return Error{Errc::bad_value, std::string(what) + ".signature", "expected 64 bytes, found " + std::to_string(signature.size()), 0};
  T out;
  std::optional<Error> error;
  Object root(*document, std::string(what), error, out.unknown_members);
  read(root, out);
  if (error) return *std::move(error);
  for (std::string& pointer : out.unknown_members) pointer.erase(0, what.size());
  out.signed_bytes = to_buffer(signed_text);
  std::copy(signature.begin(), signature.end(), out.signature.begin());
  return out;
}

template <class T, class F>
Result<T> from_response(Bytes response, const char* name, F read) {
  const auto document = parse_json(response, name, kLimits);
  if (!document) return document.error();
  if (!document->is_object()) return Error{Errc::bad_value, name, "expected an object", 0};
  const auto raw = raw_member(response, name);
  if (!raw) return raw.error();
  if (raw->empty() || raw->front() != '{') return Error{Errc::bad_value, name, "expected an object", 0};
  if (!document->contains("signature")) return Error{Errc::bad_value, "signature", "missing", 0};
  const auto* text = (*document)["signature"].get_ptr<const std::string*>();
  const auto signature = text == nullptr ? Result<Buffer>(Error{}) : from_hex_of_size(*text, kSignatureSize, "signature");
  if (!signature) return Error{Errc::bad_value, "signature", "expected 128 hexadecimal digits", 0};
  return from_parts<T>(*raw, *signature, name, read);
}

}  // namespace

Result<TcbInfo> parse_tcb_info(Bytes response) { return from_response<TcbInfo>(response, "tcbInfo", read_tcb_info); }
Result<TcbInfo> parse_tcb_info_parts(Bytes signed_text, Bytes signature) { return from_parts<TcbInfo>(signed_text, signature, "tcbInfo", read_tcb_info); }
Result<QeIdentity> parse_qe_identity(Bytes response) { return from_response<QeIdentity>(response, "enclaveIdentity", read_qe_identity); }
Result<QeIdentity> parse_qe_identity_parts(Bytes signed_text, Bytes signature) { return from_parts<QeIdentity>(signed_text, signature, "enclaveIdentity", read_qe_identity); }

}  // namespace atls::intel
