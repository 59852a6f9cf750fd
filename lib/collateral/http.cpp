#include "collateral/http.hpp"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <signal.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace atls {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

struct CurlFree { void operator()(CURL* p) const { curl_easy_cleanup(p); } };
using Curl = std::unique_ptr<CURL, CurlFree>;
struct CurluFree { void operator()(CURLU* p) const { curl_url_cleanup(p); } };
using Curlu = std::unique_ptr<CURLU, CurluFree>;

// Once per process, at the first use of the network: programs that stay offline do not pay for it.
bool init_curl() {
  static std::once_flag once;
  static CURLcode result = CURLE_FAILED_INIT;
  std::call_once(once, [] { result = curl_global_init(CURL_GLOBAL_DEFAULT); });
  return result == CURLE_OK;
}

// A server that hangs up during TLS may raise SIGPIPE, and CURLOPT_NOSIGNAL leaves that to us: programs that use the library
// need not know. Blocks it for this thread and takes back the one that came meanwhile.
class WithoutSigpipe {
 public:
  WithoutSigpipe() {
    sigset_t pending;
    was_pending_ = sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
    blocked_ = pthread_sigmask(SIG_BLOCK, &only(), &before_) == 0;
  }
  ~WithoutSigpipe() {
    if (!blocked_) return;
    const timespec at_once{};
    if (!was_pending_)
      while (sigtimedwait(&only(), nullptr, &at_once) == SIGPIPE) {
      }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  WithoutSigpipe(const WithoutSigpipe&) = delete;
  WithoutSigpipe& operator=(const WithoutSigpipe&) = delete;

 private:
  static const sigset_t& only() {
    static const sigset_t set = [] {
      sigset_t out;
      sigemptyset(&out);
      sigaddset(&out, SIGPIPE);
      return out;
    }();
    return set;
  }
  sigset_t before_{};
  bool was_pending_ = false, blocked_ = false;
};

// libcurl repeats a proxy's URL when it does not like it, with the password; so does the environment's. What it says about other things
// names hosts and addresses only.
bool is_proxy_refused(std::string_view message) { return message.find("proxy syntax") != std::string_view::npos || message.find("proxy scheme") != std::string_view::npos; }

std::string without_proxy(std::string message, const std::string& proxy) {
  if (is_proxy_refused(message)) return "the URL of the proxy cannot be used: unsupported syntax or scheme";
  for (std::size_t at = proxy.empty() ? std::string::npos : message.find(proxy); at != std::string::npos; at = message.find(proxy, at)) message.replace(at, proxy.size(), "(the proxy)");
  if (const std::size_t at = message.find('@'); at != std::string::npos && message.find("proxy") != std::string::npos) return "the proxy cannot be used";
  return message;
}

std::string url_part(CURLU& url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(&url, part, &text, 0) != CURLUE_OK || !text) return {};
  std::string out = text;
  curl_free(text);
  return out;
}

bool is_loopback_literal(std::string host) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    in6_addr six{};
    return inet_pton(AF_INET6, host.c_str(), &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
  }
  in_addr four{};
  return inet_pton(AF_INET, host.c_str(), &four) == 1 && (ntohl(four.s_addr) >> 24) == 127;
}

struct Body { Buffer data; std::size_t limit = 0; bool too_large = false; };

std::size_t on_data(char* data, std::size_t size, std::size_t count, void* user) {
  Body& body = *static_cast<Body*>(user);
  const std::size_t n = size * count;
  if (n > body.limit - body.data.size()) {
    body.too_large = true;
    return 0;                        // libcurl ends the transfer
  }
  body.data.insert(body.data.end(), data, data + n);
  return n;
}

constexpr std::size_t kMaxHeaderBytes = 64 * 1024, kMaxHeaders = 256;   // Intel's issuer chains are 3 KiB

struct Headers { std::vector<std::pair<std::string, std::string>> list; std::size_t bytes = 0; bool too_large = false; };

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r' || text.back() == '\n')) text.remove_suffix(1);
  return text;
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) {
  Headers& headers = *static_cast<Headers*>(user);
  const std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) headers = {};     // of a proxy's or an interim answer: only the last one counts
  headers.bytes += line.size();
  if (headers.bytes > kMaxHeaderBytes || headers.list.size() == kMaxHeaders) {
    headers.too_large = true;
    return 0;
  }
  const std::size_t colon = line.find(':');
  if (line.starts_with("HTTP/") || colon == std::string_view::npos) return line.size();
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  headers.list.emplace_back(std::move(name), trimmed(line.substr(colon + 1)));
  return line.size();
}

struct Attempt {
  CURLcode code = CURLE_OK;
  long status = 0;
  bool too_large = false, headers_too_large = false, bad_proxy = false;
  milliseconds retry_after{0};
  std::string message, redirect;
  HttpAnswer answer;
};

// Every option must take effect: one that fails would silently weaken the request.
template <class T>
void set(CURL* curl, CURLoption option, T value, bool& good) {
  good = good && curl_easy_setopt(curl, option, value) == CURLE_OK;
}

Attempt attempt_get(const std::string& url, const HttpOptions& options, milliseconds left) {
  Attempt out;
  const Curl curl(curl_easy_init());
  char message[CURL_ERROR_SIZE] = "";
  Body body{.limit = options.max_body};
  Headers headers;
  bool good = curl != nullptr;
  if (good) {
    const bool plain = url.starts_with("http://");
    set(curl.get(), CURLOPT_URL, url.c_str(), good);
#if LIBCURL_VERSION_NUM >= 0x075500
    set(curl.get(), CURLOPT_PROTOCOLS_STR, plain ? "http" : "https", good);
#else
    set(curl.get(), CURLOPT_PROTOCOLS, static_cast<long>(plain ? CURLPROTO_HTTP : CURLPROTO_HTTPS), good);
#endif
    set(curl.get(), CURLOPT_FOLLOWLOCATION, 0L, good);
    set(curl.get(), CURLOPT_NOSIGNAL, 1L, good);
    set(curl.get(), CURLOPT_SSL_VERIFYPEER, 1L, good);
    set(curl.get(), CURLOPT_SSL_VERIFYHOST, 2L, good);
    set(curl.get(), CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2), good);
    set(curl.get(), CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::max(milliseconds{1}, std::min(options.connect_timeout, left)).count()), good);
    set(curl.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(std::max(milliseconds{1}, std::min(options.attempt_timeout, left)).count()), good);
    set(curl.get(), CURLOPT_USERAGENT, "atls/" ATLS_VERSION, good);
    set(curl.get(), CURLOPT_ERRORBUFFER, message, good);
    set(curl.get(), CURLOPT_WRITEFUNCTION, on_data, good);
    set(curl.get(), CURLOPT_WRITEDATA, &body, good);
    set(curl.get(), CURLOPT_HEADERFUNCTION, on_header, good);
    set(curl.get(), CURLOPT_HEADERDATA, &headers, good);
    if (!options.ca_file.empty()) set(curl.get(), CURLOPT_CAINFO, options.ca_file.c_str(), good);
    if (!options.proxy.empty()) set(curl.get(), CURLOPT_PROXY, options.proxy.c_str(), good);
    else if (plain) set(curl.get(), CURLOPT_PROXY, "", good);   // loopback stays on this machine whatever http_proxy says
  }
  if (!good) {
    out.code = CURLE_FAILED_INIT;
    out.message = "libcurl could not be set up";
    return out;
  }
  {
    const WithoutSigpipe guard;
    out.code = curl_easy_perform(curl.get());
  }
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &out.status);
  curl_off_t seconds = 0;
  if (curl_easy_getinfo(curl.get(), CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK && seconds > 0)
    out.retry_after = std::chrono::seconds{std::min<curl_off_t>(seconds, 86'400)};   // number of seconds or HTTP date
  const char* redirect = nullptr;
  if (curl_easy_getinfo(curl.get(), CURLINFO_REDIRECT_URL, &redirect) == CURLE_OK && redirect) out.redirect = std::string(redirect).substr(0, 200);
  out.headers_too_large = headers.too_large;
  out.too_large = body.too_large || headers.too_large;
  out.bad_proxy = is_proxy_refused(message);
  out.message = without_proxy(message[0] ? message : curl_easy_strerror(out.code), options.proxy);
  out.answer = {std::move(body.data), std::move(headers.list)};
  return out;
}

bool may_retry(const Attempt& attempt) {
  if (attempt.bad_proxy) return false;
  if (attempt.code == CURLE_OK) return attempt.status == 408 || attempt.status == 429 || (attempt.status >= 500 && attempt.status <= 599);
  switch (attempt.code) {                 // these will not change within a minute
    case CURLE_FAILED_INIT: case CURLE_OUT_OF_MEMORY: case CURLE_UNSUPPORTED_PROTOCOL: case CURLE_URL_MALFORMAT:
    case CURLE_PEER_FAILED_VERIFICATION: case CURLE_SSL_CACERT_BADFILE: case CURLE_BAD_FUNCTION_ARGUMENT:
      return false;
    default: return true;
  }
}

std::string seconds_text(milliseconds time) {
  std::string text = std::to_string(time.count() / 1000);
  if (time.count() % 1000 != 0) text += "." + std::to_string(1000 + time.count() % 1000).substr(1);
  return text + " s";
}

std::string what_happened(const Attempt& attempt) {
  if (attempt.code == CURLE_OK) return "answered with HTTP status " + std::to_string(attempt.status);
  std::string text = attempt.message;
  if (attempt.code == CURLE_PEER_FAILED_VERIFICATION) text += " (for a private cache give its CA with --collateral-cafile)";
  if (attempt.code == CURLE_SSL_CACERT_BADFILE) text += " (check --collateral-cafile)";
  return text;
}

// A final answer, or nothing when another attempt makes sense.
std::optional<Result<HttpAnswer>> settle(const std::string& url, Attempt& attempt, const HttpOptions& options) {
  if (attempt.too_large)
    return Result<HttpAnswer>(Error{Errc::too_large, url, attempt.headers_too_large ? "the header of the answer is larger than " + std::to_string(kMaxHeaderBytes) + " bytes" : "the answer is larger than " + std::to_string(options.max_body) + " bytes"});
  if (may_retry(attempt)) return {};
  if (attempt.code != CURLE_OK) return Result<HttpAnswer>(Error{Errc::unavailable, url, what_happened(attempt)});
  if (attempt.status == 200) return Result<HttpAnswer>(std::move(attempt.answer));
  if (attempt.status >= 400 && attempt.status <= 499) return Result<HttpAnswer>(Error{Errc::refused, url, what_happened(attempt)});
  std::string detail = what_happened(attempt);
  if (attempt.status >= 300 && attempt.status <= 399) detail += ": redirects are not followed" + (attempt.redirect.empty() ? "" : " (to " + attempt.redirect + ")");
  return Result<HttpAnswer>(Error{Errc::bad_value, url, detail});
}

}  // namespace

std::string loaded_libcurl() {
  const curl_version_info_data* info = curl_version_info(CURLVERSION_NOW);
  return std::string("libcurl ") + (info != nullptr && info->version != nullptr ? info->version : "of unknown version");
}

Result<std::string> checked_base_url(const std::string& url) {
  const auto bad = [&](std::string why) { return Error{Errc::bad_value, url, std::move(why)}; };
  const Curlu parsed(curl_url());
  if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return bad("not a URL; expected https://HOST or http://127.0.0.1:PORT");
  const std::string scheme = url_part(*parsed, CURLUPART_SCHEME), host = url_part(*parsed, CURLUPART_HOST);
  for (const CURLUPart part : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY, CURLUPART_FRAGMENT})
    if (!url_part(*parsed, part).empty()) return bad("user name, query and fragment are not allowed here");
  if (url_part(*parsed, CURLUPART_ZONEID).size() != 0) return bad("an address with a zone is not allowed here");
  if (scheme == "http") {
    if (!is_loopback_literal(host)) return bad("http is allowed to 127.0.0.1 or [::1] only (a name like localhost does not count); use https");
  } else if (scheme != "https") {
    return bad("scheme \"" + scheme + "\" is not allowed; use https");
  }
  std::string out = url_part(*parsed, CURLUPART_URL);
  while (!out.empty() && out.back() == '/') out.pop_back();
  return out;
}

Result<HttpAnswer> http_request(const std::string& url, const HttpOptions& options) {
  if (!init_curl()) return Error{Errc::unavailable, url, "libcurl could not be initialised"};
  const Clock::time_point end = Clock::now() + options.total_timeout;
  const auto left = [&] { return std::chrono::duration_cast<milliseconds>(end - Clock::now()); };
  for (std::size_t n = 0;; ++n) {
    Attempt attempt = attempt_get(url, options, left());
    if (auto answer = settle(url, attempt, options)) return std::move(*answer);
    const std::string tries = n == 0 ? "" : " after " + std::to_string(n + 1) + " attempts";
    if (n >= options.waits.size()) return Error{Errc::unavailable, url, what_happened(attempt) + tries};
    if (attempt.retry_after > options.max_retry_after)
      return Error{Errc::unavailable, url, what_happened(attempt) + tries + "; it asks to wait " + seconds_text(attempt.retry_after) + ", longer than the " + seconds_text(options.max_retry_after) + " allowed"};
    const milliseconds wait = std::max(options.waits[n], attempt.retry_after);
    if (wait >= left()) {
      const std::string why = attempt.retry_after > options.waits[n] ? "; it asks to wait " + seconds_text(attempt.retry_after) + ", longer than the " + seconds_text(options.total_timeout) + " allowed"
                                                                     : "; no time is left of the " + seconds_text(options.total_timeout) + " allowed";
      return Error{Errc::unavailable, url, what_happened(attempt) + tries + why};
    }
    std::this_thread::sleep_for(wait);
  }
}

Result<Buffer> http_get(const std::string& url, const HttpOptions& options) {
  auto answer = http_request(url, options);
  if (!answer) return answer.error();
  return std::move(answer->body);
}

}  // namespace atls
