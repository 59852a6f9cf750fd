#include "evidence/intel_claims.hpp"

#include "base/hex.hpp"
#include "base/text.hpp"
#include "crypto/digest.hpp"
#include "evidence/certification_chain.hpp"
#include "evidence/evidence.hpp"
#include "evidence/field_walk.hpp"
#include "evidence/text_damage.hpp"
#include "evidence/x509_claims.hpp"
#include "intel/pck.hpp"
#include "intel/quote.hpp"

namespace atls::evidence {
namespace {

// Eight bytes of flags: the bytes as they stand, every named bit as a child, and bits without a name when they are set.
void flags(FieldWalk& walk, Claim& parent, const std::string& name, std::span<const intel::NamedBit> rows, std::vector<std::string> (*names)(std::uint64_t)) {
  const auto b = walk.take(parent, name, 8);
  if (!b) return;
  const std::uint64_t v = Cursor(*b, "flags").u64le("VALUE");
  const std::vector<std::string> set = names(v);
  Claim& c = parent.add(field_claim(name, to_buffer(*b), walk.pos() - 8, 8, hex_number(v) + (set.empty() ? ": none set" : ": " + joined(set, ", "))));
  std::uint64_t named = 0;
  for (const intel::NamedBit& row : rows) {
    const bool on = (v >> row.bit & 1) != 0;
    named |= std::uint64_t{1} << row.bit;
    c.add(field_claim(std::string(row.name), on, walk.pos() - 8 + row.bit / 8, 1, on ? std::string(row.meaning) : std::string()));
  }
  if ((v & ~named) != 0) c.add(field_claim("unnamed_bits", joined(names(v & ~named), ", "), walk.pos() - 8, 8, "reserved, or of a later platform"));
}

void sgx_report(FieldWalk& walk, Claim& to) {
  walk.bytes(to, "cpu_svn", 16);
  walk.number(to, "misc_select", 4);
  walk.reserved(to, 12);
  walk.bytes(to, "isv_ext_prod_id", 16);
  flags(walk, to, "attributes", intel::sgx_flag_bits(), intel::sgx_flag_names);
  flags(walk, to, "xfrm", intel::xfam_bits(), intel::xfam_names);
  walk.bytes(to, "mr_enclave", 32);
  walk.reserved(to, 32);
  walk.bytes(to, "mr_signer", 32);
  walk.reserved(to, 32);
  walk.bytes(to, "config_id", 64);
  walk.number(to, "isv_prod_id", 2);
  walk.number(to, "isv_svn", 2);
  walk.number(to, "config_svn", 2);
  walk.reserved(to, 42);
  walk.bytes(to, "isv_family_id", 16);
  walk.bytes(to, "report_data", 64);
}

void tee_tcb_svn(FieldWalk& walk, Claim& to, const std::string& name) {
  const Bytes b = walk.bytes(to, name, 16);
  if (b.empty()) return;
  Claim& c = to.children.back();
  c.meaning = "TDX module " + std::to_string(b[1]) + ", SVN " + std::to_string(b[0]) + "; late microcode " + std::to_string(b[2]);
  const std::size_t at = walk.pos() - 16;
  c.add(field_claim("module_svn", std::uint64_t{b[0]}, at, 1));
  c.add(field_claim("module_major", std::uint64_t{b[1]}, at + 1, 1));
  c.add(field_claim("microcode_svn", std::uint64_t{b[2]}, at + 2, 1));
}

void td_info(FieldWalk& walk, Claim& to) {   // shared by TD reports and TDINFO
  flags(walk, to, "td_attributes", intel::td_attribute_bits(), intel::td_attribute_names);
  flags(walk, to, "xfam", intel::xfam_bits(), intel::xfam_names);
  walk.bytes(to, "mr_td", 48);
  walk.bytes(to, "mr_config_id", 48);
  walk.bytes(to, "mr_owner", 48);
  walk.bytes(to, "mr_owner_config", 48);
  for (const char* name : {"rtmr0", "rtmr1", "rtmr2", "rtmr3"}) walk.bytes(to, name, 48);
}

void td_report(FieldWalk& walk, Claim& to, std::size_t size) {
  tee_tcb_svn(walk, to, "tee_tcb_svn");
  walk.bytes(to, "mr_seam", 48);
  walk.bytes(to, "mrsigner_seam", 48);
  walk.bytes(to, "seam_attributes", 8);
  td_info(walk, to);
  walk.bytes(to, "report_data", 64);
  if (size <= intel::kTdReport10Size) return;
  tee_tcb_svn(walk, to, "tee_tcb_svn2");
  walk.bytes(to, "mr_servicetd", 48);
  if (size <= intel::kTdReport15Size) return;
  struct Row { const char* name; std::size_t size; };
  for (const Row& row : {Row{"vm_id", 1}, Row{"td_id", 32}, Row{"dev_info", 48}, Row{"init_servtd_hash", 48}, Row{"init_servtd_attributes", 8}, Row{"init_cpu_svn", 16},
                         Row{"init_tee_tcb_svn", 16}, Row{"init_tee_fmspc", 12}, Row{"cur_servtd_hash", 48}, Row{"cur_servtd_attributes", 8}})
    walk.bytes(to, row.name, row.size);
}

void add_certificates(Claim& to, Bytes data) {
  const SplitChain chain = split_chain(data);
  to.error = chain.error;
  for (const Buffer& der : chain.certificates) to.add(certificate_claims(der, "certificate"));
}

void certification_data(FieldWalk& walk, Claim& root) {
  Claim& c = root.add(walk.group("certification_data", 6));
  const auto type = static_cast<std::uint16_t>(walk.number(c, "type", 2));
  const std::string name(intel::certification_type_name(type));
  if (!walk.cut()) c.children.back().meaning = name.empty() ? "unknown" : name;
  const std::size_t size = walk.number(c, "size", 4), at = walk.pos();
  const auto data = walk.take(c, "data", size);
  if (!data) return;
  c.size = 6 + size;
  c.meaning = name;
  Claim& d = c.add(field_claim("data", std::monostate{}, at, size));
  if (type == 4 || type == 5) return add_certificates(d, *data);
  const auto ppid = intel::parse_ppid_data({type, static_cast<std::uint32_t>(size), to_buffer(*data)});
  if (!ppid) {
    d.value = to_buffer(*data);
    if (type >= 1 && type <= 3) d.error = ppid.error().message();
    return;
  }
  FieldWalk inside(*data);   // every field fits: it was parsed
  inside.bytes(d, "ppid", ppid->ppid.size(), type == 1 ? "" : "encrypted: only Intel can read it");
  inside.bytes(d, "cpu_svn", 16);
  inside.number(d, "pce_svn", 2);
  if (ppid->pce_id) inside.bytes(d, "pce_id", 2);
  for (Claim& child : d.children) *child.offset += at;
}

void signature_data(FieldWalk& walk, Claim& root, unsigned version) {
  walk.bytes(root, "signature", 64, "ECDSA P-256 with SHA-256, r and s, big-endian");
  walk.bytes(root, "attestation_key", 64, "P-256, x and y, big-endian");
  if (version >= 4) {
    const std::uint64_t type = walk.number(root, "outer_certification_data_type", 2);
    if (!walk.cut()) root.children.back().meaning = type == 6 ? "QE report certification data" : "expected 6";
    walk.number(root, "outer_certification_data_size", 4);
    if (type != 6) return;
  }
  Claim& qe = root.add(walk.group("qe_report", intel::kSgxReportSize, "the quoting enclave"));
  sgx_report(walk, qe);
  walk.bytes(root, "qe_report_signature", 64, "by the PCK key");
  const std::size_t auth = walk.number(root, "qe_auth_data_size", 2);
  walk.bytes(root, "qe_auth_data", auth);
  if (!walk.cut()) certification_data(walk, root);
}

std::uint16_t body_type(unsigned version, bool tdx, std::uint64_t declared) {
  return version == 5 ? static_cast<std::uint16_t>(declared) : tdx ? 2 : 1;
}

}  // namespace

Claim quote_claims(Bytes in, std::string name) {
  Claim root = space_claim(std::move(name), in);
  const auto parsed = intel::parse_quote(in);
  if (!parsed) root.error = parsed.error().message();
  FieldWalk walk(in);
  Claim& header = root.add(walk.group("header", intel::kHeaderSize));
  const auto version = static_cast<unsigned>(walk.number(header, "version", 2));
  const std::uint64_t key_type = walk.number(header, "attestation_key_type", 2);
  if (!walk.cut()) header.children.back().meaning = key_type == 2 ? "ECDSA P-256" : key_type == 3 ? "ECDSA P-384" : key_type <= 1 ? "EPID" : "unknown";
  const std::uint64_t tee = walk.number(header, "tee_type", 4);
  if (!walk.cut()) header.children.back().meaning = tee == intel::kTeeTdx ? "TDX" : tee == intel::kTeeSgx ? "SGX" : "unknown";
  const bool v3 = version == 3;
  walk.number(header, "qe_svn", 2, v3 ? "" : "reserved, zero on TDX");
  walk.number(header, "pce_svn", 2, v3 ? "" : "reserved, zero on TDX");
  walk.bytes(header, "qe_vendor_id", 16);
  walk.bytes(header, "user_data", 20, "the first 16 bytes identify the quoting enclave on its machine");
  const bool tdx = !v3 && tee == intel::kTeeTdx;
  root.meaning = std::string("Intel ") + (tdx ? "TDX" : "SGX") + " quote, version " + std::to_string(version);
  if (walk.cut() || version < 3 || version > 5) return root;

  std::uint64_t type = 0, size = tdx ? intel::kTdReport10Size : intel::kSgxReportSize;
  if (version == 5) {
    type = walk.number(root, "body_type", 2);
    size = walk.number(root, "body_size", 4);
    constexpr std::size_t sizes[] = {0, intel::kSgxReportSize, intel::kTdReport10Size, intel::kTdReport15Size, intel::kTdReportExtendedSize};
    if (walk.cut() || type < 1 || type > 4 || size != sizes[type]) return root;
  } else {
    root.add(value_claim("body_type", std::uint64_t{body_type(version, tdx, 0)}, "follows from the header"));
  }
  Claim& body = root.add(walk.group("body", size, tdx ? "the TD" : "the enclave"));
  if (version == 5 ? type == 1 : !tdx) sgx_report(walk, body);
  else td_report(walk, body, size);
  const std::size_t signed_size = walk.pos();
  const std::size_t data_size = walk.number(root, "signature_data_size", 4), begin = walk.pos();
  if (!walk.cut()) signature_data(walk, root, version);
  if (!parsed) return root;
  root.add(field_claim("signed", std::monostate{}, 0, signed_size, "what the attestation key signs"));
  root.add(value_claim("quote_size", std::uint64_t{begin + data_size}));
  if (parsed->unused_in_signature_data != 0) root.add(value_claim("unused_in_signature_data", std::uint64_t{parsed->unused_in_signature_data}, "bytes that no field covers"));
  root.add(value_claim("trailing_bytes", std::uint64_t{parsed->trailing}, parsed->trailing == 0 ? "" : is_line_end(in.last(parsed->trailing)) ? "a line end, left out" : parsed->trailing_nonzero ? "not all zero" : "zero: padding"));
  if (parsed->trailing_nonzero) root.add(field_claim("trailing", to_buffer(in.subspan(begin + data_size)), begin + data_size, parsed->trailing, "nothing signs these bytes"));
  return root;
}

Claim td_report_claims(Bytes in, std::string name) {
  Claim root = space_claim(std::move(name), in);
  root.meaning = "Intel TDREPORT: authenticated on its own machine only, not judged";
  FieldWalk walk(in);
  const bool tdx = !in.empty() && in[0] == intel::kTeeTdx;
  walk.bytes(root, "report_type", 4, std::string("type, subtype, version, reserved") + (tdx ? "" : "; type 0x81 (TDX) was expected"));
  walk.reserved(root, 12);
  walk.bytes(root, "cpu_svn", 16);
  walk.bytes(root, "tee_tcb_info_hash", 48);
  walk.bytes(root, "tee_info_hash", 48);
  walk.bytes(root, "report_data", 64);
  walk.reserved(root, 32);
  walk.bytes(root, "mac", 32);
  walk.bytes(root, "tee_tcb_info_valid", 8, "which fields of the module's information are valid");
  tee_tcb_svn(walk, root, "tee_tcb_svn");
  walk.bytes(root, "mr_seam", 48);
  walk.bytes(root, "mrsigner_seam", 48);
  walk.bytes(root, "seam_attributes", 8);
  tee_tcb_svn(walk, root, "tee_tcb_svn2");
  walk.reserved(root, 112);
  td_info(walk, root);
  walk.bytes(root, "mr_servicetd", 48);
  walk.reserved(root, 64);
  if (walk.cut()) {
    root.error = walk.damage();
    return root;
  }
  const bool tcb = equal(crypto::sha384(in.subspan(256, 239)), in.subspan(32, 48)), info = equal(crypto::sha384(in.subspan(512, 512)), in.subspan(80, 48));
  root.add(value_claim("tee_tcb_info_hash_matches", tcb, tcb ? "" : "the module's information was changed"));
  root.add(value_claim("tee_info_hash_matches", info, info ? "" : "the TD's information was changed"));
  if (in.size() > walk.pos()) root.add(value_claim("trailing_bytes", std::uint64_t{in.size() - walk.pos()}, is_zero(in.subspan(walk.pos())) ? "zero: padding" : "not all zero"));
  return root;
}

Claim pck_extension_claims(Bytes value, std::size_t offset) {
  Claim root = field_claim("sgx_extensions", std::monostate{}, offset, value.size(), std::string(intel::kPckExtensionOid));
  const auto x = intel::parse_pck_extension(value);
  if (!x) {
    root.value = to_buffer(value);
    root.error = x.error().message();
    return root;
  }
  const auto placed = [&](const char* name, Claim c) {
    for (const auto& p : x->places)
      if (p.name == name) c.offset = offset + p.offset, c.size = p.size;
    return c;
  };
  constexpr const char* kTypes[] = {"Standard", "Scalable", "Scalable with Integrity"};
  root.add(placed("ppid", value_claim("ppid", to_buffer(x->ppid))));
  std::vector<std::string> numbers;
  for (const std::uint8_t c : x->components) numbers.push_back(std::to_string(c));
  Claim& tcb = root.add(placed("tcb", value_claim("tcb", std::monostate{}, "components " + joined(numbers, ", ") + "; PCE SVN " + std::to_string(x->pce_svn))));
  for (std::size_t i = 0; i < x->components.size(); ++i) {
    const std::string name = (i < 9 ? "comp0" : "comp") + std::to_string(i + 1);
    tcb.add(placed(("tcb." + name).c_str(), value_claim(name, std::uint64_t{x->components[i]})));
  }
  tcb.add(placed("tcb.pce_svn", value_claim("pce_svn", std::uint64_t{x->pce_svn})));
  const bool same = x->cpu_svn == x->components;
  tcb.add(placed("tcb.cpu_svn", value_claim("cpu_svn", to_buffer(x->cpu_svn), same ? "" : "differs from the components")));
  root.add(placed("pce_id", value_claim("pce_id", to_buffer(x->pce_id))));
  root.add(placed("fmspc", value_claim("fmspc", to_buffer(x->fmspc), "family, model, stepping, platform type, custom SKU")));
  root.add(placed("sgx_type", value_claim("sgx_type", std::uint64_t{x->sgx_type}, x->sgx_type < std::size(kTypes) ? kTypes[x->sgx_type] : "unknown")));
  if (x->platform_instance_id) root.add(placed("platform_instance_id", value_claim("platform_instance_id", to_buffer(*x->platform_instance_id))));
  struct Row { const char* place; const char* name; std::optional<bool> value; };
  for (const Row& row : {Row{"configuration.dynamic_platform", "dynamic_platform", x->dynamic_platform}, Row{"configuration.cached_keys", "cached_keys", x->cached_keys},
                         Row{"configuration.smt_enabled", "smt_enabled", x->smt_enabled}})
    if (row.value) root.add(placed(row.place, value_claim(row.name, *row.value)));
  if (x->entries != 5 && x->entries != 7) root.add(value_claim("entries", std::uint64_t{x->entries}, "expected 5 or 7"));
  return root;
}

}  // namespace atls::evidence
