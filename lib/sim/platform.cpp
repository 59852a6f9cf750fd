#include "sim/platform.hpp"

#include <algorithm>
#include <stdexcept>

#include "azure/hcl.hpp"
#include "crypto/digest.hpp"
#include "pem/pem.hpp"
#include "sim/endorsements.hpp"
#include "sim/faults.hpp"
#include "sim/kds_answer.hpp"
#include "sim/policy_json.hpp"
#include "sim/report_build.hpp"
#include "sim/snp_export.hpp"

namespace atls::sim {

HttpAnswer refuse(int status, std::string_view why) { return {status, "text/plain", to_buffer(std::string(why) + "\n"), {}}; }
std::string certificate_pem(Bytes der) { return pem::encode("CERTIFICATE", der); }

namespace {

constexpr std::size_t kPage = 4096;             // certificate tables of devices fill whole pages
constexpr std::size_t kHclNvSize = 2600;        // vTPM NV index 0x01400001 of Azure's current images
constexpr std::size_t kEntrySize = 24, kOffsetAt = 16, kLengthAt = 20;
constexpr std::size_t kArkEntry = 2;            // VEK, ASK, ARK

void put_u32le(Buffer& out, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) out[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
}

// The byte order of Microsoft's GUID structure: the first three groups reversed.
snp::Guid mixed_endian(snp::Guid guid) {
  std::reverse(guid.begin(), guid.begin() + 4);
  std::reverse(guid.begin() + 4, guid.begin() + 6);
  std::reverse(guid.begin() + 6, guid.begin() + 8);
  return guid;
}

class SimulatedPlatform final : public SnpPlatform {
 public:
  SimulatedPlatform(SnpOptions options, Identity identity)
      : options_(std::move(options)), identity_(std::move(identity)),
        endorsements_(make_endorsements(options_, identity_, signs_with_vlek(options_))) {}

  const SnpOptions& options() const override { return options_; }
  std::string_view format() const override { return "snp"; }
  const std::string& seed() const override { return options_.seed; }
  const std::vector<std::string>& faults() const override { return options_.faults; }
  std::vector<ExportFile> export_files() const override { return snp_export_files(*this); }
  std::string export_title() const override {
    return "AMD SEV-SNP, " + std::string(snp::product_name(options_.product)) + ", report version " + std::to_string(options_.report_version) +
           ", signed with the " + (signs_with_vlek(options_) ? "VLEK" : "VCEK");
  }
  std::vector<std::string> export_examples() const override {
    return {"atls-verify --policy policy.json --trust-simulated --offline extended.bin", "atls-dump report.bin"};
  }
  HttpAnswer answer(std::string_view target) const override { return kds_answer(*this, target); }
  HttpAnswer answer_of_other_machine(std::string_view target) const override {
    SnpOptions other = options_;
    other.product = other.product == snp::ProductLine::genoa ? snp::ProductLine::milan : snp::ProductLine::genoa;
    other.faults.clear();
    return kds_answer_of_other(*made(other), options_.product, target);
  }
  HttpAnswer answer_with_expired_lists(std::string_view target) const override {
    SnpOptions expired = options_;
    expired.faults.push_back("crl-expired");
    return kds_answer(*made(expired), target);
  }
  Buffer report(const std::array<std::uint8_t, 64>& report_data) const override { return make_report(options_, identity_, report_data); }
  Buffer vek_der() const override { return endorsements_.vek; }
  Buffer ask_der() const override { return endorsements_.ask; }
  Buffer ark_der() const override { return endorsements_.ark; }
  Buffer crl_der() const override { return endorsements_.crl; }
  std::string matching_policy() const override {
    if (!has("other-chip")) return matching_policy_json(options_, identity_);
    SnpOptions own = options_;   // the chip that the guest was meant for
    std::erase(own.faults, "other-chip");
    return made(own)->matching_policy();
  }
  std::array<std::uint8_t, 64> chip_id() const override { return identity_.chip_id; }
  snp::TcbVersion reported_tcb() const override { return honest_report(options_, identity_).reported_tcb; }

  Buffer cert_table() const override {
    using snp::TableEntryKind;
    if (has("table-no-terminator")) return unterminated_table();
    std::vector<snp::TableBlob> blobs{{snp::guid_of(vek_kind()), vek_der()},
                                      {snp::guid_of(TableEntryKind::ask), ask_der()},
                                      {snp::guid_of(TableEntryKind::ark), ark_der()}};
    if (has("table-dup")) blobs.push_back(blobs[kArkEntry]);
    if (has("table-mixed-endian-guid"))
      for (snp::TableBlob& blob : blobs) blob.guid = mixed_endian(blob.guid);
    Buffer table = snp::encode_cert_table(blobs, kPage);
    const std::size_t ark = kArkEntry * kEntrySize;
    if (has("table-oob")) put_u32le(table, ark + kLengthAt, static_cast<std::uint32_t>(table.size()));
    if (has("table-wrap")) {
      put_u32le(table, ark + kOffsetAt, 0xFFFFFFF0);   // + 0x20 is 0x10 in 32 bits
      put_u32le(table, ark + kLengthAt, 0x20);
    }
    return table;
  }

  Buffer hcl(Bytes claims_json) const override {
    std::array<std::uint8_t, 64> report_data{};
    const Buffer digest = crypto::sha256(claims_json);
    std::copy(digest.begin(), digest.end(), report_data.begin());
    azure::HclReport out;
    out.claims = to_buffer(claims_json);
    if (has("hcl-hash")) out.claims.insert(out.claims.end() - 1, ' ');     // before the closing brace: the same JSON, other bytes
    out.claims_size = static_cast<std::uint32_t>(out.claims.size());
    out.runtime_data_size = out.claims_size + 20;
    out.report_size = out.runtime_data_size + 32 + static_cast<std::uint32_t>(snp::kReportSize);
    out.version = options_.product == snp::ProductLine::milan ? 1 : 2;
    out.request_type = 1;
    out.runtime_version = 1;
    out.report_type = static_cast<std::uint32_t>(azure::HclReportType::snp);
    out.hash_type = static_cast<std::uint32_t>(azure::HclHash::sha256);
    out.claims_complete = true;
    out.hardware_report = report(report_data);
    out.hardware_report.resize(snp::kReportSize);                          // extra-data has no room here
    return azure::encode_hcl(out, kHclNvSize);
  }

 private:
  static std::unique_ptr<SnpPlatform> made(const SnpOptions& options) {
    auto out = create(options);
    if (!out) throw std::logic_error("simulated platform: " + out.error().message());   // options were accepted before
    return *std::move(out);
  }
  bool has(std::string_view fault) const { return has_fault(options_, fault); }
  // A VLEK that poses as a VCEK also does so in the table.
  snp::TableEntryKind vek_kind() const { return options_.vlek && !has("vlek-as-vcek") ? snp::TableEntryKind::vlek : snp::TableEntryKind::vcek; }

  // The buffer ends where the all-zero entry should be. Entries are empty, so that they break no other rule.
  Buffer unterminated_table() const {
    using snp::TableEntryKind;
    std::vector<snp::TableBlob> blobs;
    for (const TableEntryKind kind : {vek_kind(), TableEntryKind::ask, TableEntryKind::ark}) blobs.push_back({snp::guid_of(kind), {}});
    Buffer table = snp::encode_cert_table(blobs);
    table.resize(blobs.size() * kEntrySize);
    for (std::size_t i = 0; i < blobs.size(); ++i) put_u32le(table, i * kEntrySize + kOffsetAt, static_cast<std::uint32_t>(table.size()));
    return table;
  }

  SnpOptions options_;
  Identity identity_;
  Endorsements endorsements_;
};

class SimulatedAttester final : public Attester {
 public:
  explicit SimulatedAttester(std::shared_ptr<const SnpPlatform> platform) : platform_(std::move(platform)) {}
  std::string_view name() const override { return "sim-snp"; }
  Result<evidence::Evidence> attest(const std::array<std::uint8_t, 64>& report_data) override {
    evidence::Evidence out;
    out.format = "snp";
    out.data = platform_->report(report_data);
    out.aux = platform_->cert_table();
    return out;
  }

 private:
  std::shared_ptr<const SnpPlatform> platform_;
};

Status check_options(const SnpOptions& options) {
  if (options.product == snp::ProductLine::unknown)
    return Error{Errc::bad_value, "product", "expected Milan, Genoa or Turin"};
  if (options.report_version < 2 || options.report_version > 5)
    return Error{Errc::bad_value, "report version", "expected 2 to 5, found " + std::to_string(options.report_version)};
  for (const std::string& name : options.faults) {
    const Fault* fault = find_fault(name);
    if (fault == nullptr) return Error{Errc::bad_value, "fault", "\"" + name + "\" is unknown; --list-faults prints the names"};
    if (!applies_to(*fault, "snp")) return Error{Errc::bad_value, "fault", "\"" + name + "\" does not exist for SEV-SNP"};
    // A name of the other TCB layout would break more than the product.
    if (fault->needs == "milan-or-genoa" && options.product == snp::ProductLine::turin)
      return Error{Errc::bad_value, "fault", "\"" + name + "\" exists for Milan and Genoa only"};
    if (fault->needs == "version-3" && options.report_version < 3)
      return Error{Errc::bad_value, "fault", "\"" + name + "\" needs a report of version 3 or later, which names its product"};
    if (fault->needs == "vcek" && options.vlek)
      return Error{Errc::bad_value, "fault", "\"" + name + "\" changes what only a VCEK has, and the platform signs with its VLEK"};
  }
  return ok();
}

}  // namespace

Result<std::unique_ptr<SnpPlatform>> SnpPlatform::create(SnpOptions options) {
  if (const Status s = check_options(options); !s) return s.error();
  Result<Identity> identity = derive_identity(options);
  if (!identity) return identity.error();
  return std::unique_ptr<SnpPlatform>(std::make_unique<SimulatedPlatform>(std::move(options), *std::move(identity)));
}

std::unique_ptr<Attester> sim_snp_attester(std::shared_ptr<const SnpPlatform> platform) {
  return std::make_unique<SimulatedAttester>(std::move(platform));
}

}  // namespace atls::sim
