// The in-process half of scripts/bench: prints figures as "name value unit", one per line. Ratios only mean something within one
// run of one machine.
//   atls-bench verify N            N distinct reports of one VCEK: appraisals per second against raw P-384 verification
//   atls-bench quotes N FOLDER     N distinct TDX quotes of the platform that atls-serve exported to FOLDER, which gets quotes.bin for
//                                  the peer: appraisals per second against raw P-256 verification
//   atls-bench sign N              seconds per fresh simulated report
//   atls-bench handshakes ADDR PORT N THREADS   full TLS 1.3 handshakes per second against a server
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "base/base64.hpp"
#include "base/bytes.hpp"
#include "bench.hpp"
#include "crypto/certificate.hpp"
#include "crypto/digest.hpp"
#include "crypto/openssl.hpp"
#include "evidence/verify.hpp"
#include "policy/policy.hpp"
#include "sim/anchors.hpp"
#include "sim/platform.hpp"
#include "snp/report.hpp"

namespace bench {

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "atls-bench: error: %s\n", what.c_str());
  std::exit(1);
}

std::array<std::uint8_t, 64> report_data_of(std::size_t i) {
  std::array<std::uint8_t, 64> out{};
  for (std::size_t k = 0; k < 8; ++k) out[k] = static_cast<std::uint8_t>(i >> (8 * k));
  return out;
}

}  // namespace bench

using namespace atls;
using namespace bench;

namespace {

std::shared_ptr<const sim::SnpPlatform> make_platform() {
  auto made = sim::SnpPlatform::create({});
  if (!made) die(made.error().message());
  return std::shared_ptr<const sim::SnpPlatform>(std::move(*made));
}

int bench_verify(std::size_t n) {
  const auto platform = make_platform();
  std::vector<Buffer> reports;
  for (std::size_t i = 0; i < n; ++i) reports.push_back(platform->report(report_data_of(i)));
  const Buffer table = platform->cert_table();
  const Time now = std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  auto policy = policy::load_policy(as_bytes(platform->matching_policy()), "bench", ".");
  if (!policy) die(policy.error().message());
  policy->trust_simulated = true;
  evidence::TrustStore trust = evidence::TrustStore::builtin();
  trust.add(sim::trust_anchors());
  Collateral collateral;
  collateral.add(sim::anchors_provider());
  const evidence::Context context{*policy, trust, collateral, now};
  const auto vek = crypto::Certificate::from_der(platform->vek_der());
  if (!vek) die(vek.error().message());

  // Three interleaved rounds of each, so that a change of the machine's speed hits both.
  double raw = 0, full = 0;
  for (int round = 0; round < 3; ++round) {
    auto start = Clock::now();
    for (const Buffer& bytes : reports) {
      const Bytes all(bytes);
      Buffer r(all.begin() + 0x2A0, all.begin() + 0x2A0 + 48), s(all.begin() + 0x2E8, all.begin() + 0x2E8 + 48);
      std::reverse(r.begin(), r.end());
      std::reverse(s.begin(), s.end());
      const auto good = crypto::verify_ecdsa_p384_sha384(*vek->key(), all.first(snp::kSignedSize), r, s);
      if (!good || !*good) die("a simulated signature does not verify");
    }
    raw += seconds_since(start);
    start = Clock::now();
    for (const Buffer& bytes : reports) {
      evidence::Presented presented;
      evidence::Evidence evidence;
      evidence.format = "snp";
      evidence.container = "extended";
      evidence.data = bytes;
      evidence.aux = table;
      presented.raw = std::move(evidence);
      Report report;
      if (!evidence::appraise(presented, context, report).proof)
        die("a simulated report was not verified: " + (report.verdict ? report.verdict->reason : std::string("no verdict")));
    }
    full += seconds_since(start);
  }
  const double count = 3.0 * static_cast<double>(n);
  std::printf("raw_p384_verifications_per_second %.1f\nsnp_appraisals_per_second %.1f\nratio %.3f\n", count / raw, count / full, raw / full);
  return 0;
}

int bench_sign(std::size_t n) {
  const auto platform = make_platform();
  const auto start = Clock::now();
  for (std::size_t i = 0; i < n; ++i)
    if (platform->report(report_data_of(i)).size() != snp::kReportSize) die("no report");
  std::printf("seconds_per_report %.6f\n", seconds_since(start) / static_cast<double>(n));
  return 0;
}

bool handshake(SSL_CTX* ctx, const sockaddr_in& address) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  bool good = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  if (good) {
    crypto::SslPtr ssl(SSL_new(ctx));
    SSL_set_fd(ssl.get(), fd);
    SSL_set_tlsext_host_name(ssl.get(), base64(crypto::random_bytes(32)).c_str());
    good = SSL_connect(ssl.get()) == 1;
    SSL_shutdown(ssl.get());
  }
  close(fd);
  return good;
}

int bench_handshakes(const char* host, int port, std::size_t n, std::size_t threads) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (inet_pton(AF_INET, host, &address.sin_addr) != 1) die("not an IPv4 address");
  crypto::SslCtxPtr ctx(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_verify(ctx.get(), SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_session_cache_mode(ctx.get(), SSL_SESS_CACHE_OFF);
  std::atomic<std::size_t> left{n}, failed{0};
  const auto start = Clock::now();
  std::vector<std::thread> pool;
  for (std::size_t t = 0; t < threads; ++t)
    pool.emplace_back([&] {
      for (;;) {
        std::size_t now = left.load();
        while (now != 0 && !left.compare_exchange_weak(now, now - 1)) {}
        if (now == 0) return;
        if (!handshake(ctx.get(), address)) ++failed;
      }
    });
  for (auto& t : pool) t.join();
  if (failed != 0) die(std::to_string(failed) + " handshakes failed");
  std::printf("handshakes_per_second %.1f\n", static_cast<double>(n) / seconds_since(start));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);   // a server may close first
  const std::string command = argc > 2 ? argv[1] : "";
  const auto number = [&](int i) { return static_cast<std::size_t>(std::strtoul(argv[i], nullptr, 10)); };
  if (command == "verify") return bench_verify(number(2));
  if (command == "quotes" && argc == 4) return bench::quotes(number(2), argv[3]);
  if (command == "sign") return bench_sign(number(2));
  if (command == "handshakes" && argc == 6) return bench_handshakes(argv[2], static_cast<int>(number(3)), number(4), number(5));
  std::fprintf(stderr, "usage: atls-bench verify N | quotes N FOLDER | sign N | handshakes ADDR PORT N THREADS\n");
  return 1;
}
