// An HTTP or HTTPS server on 127.0.0.1 in a thread of the test, which misbehaves as told.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/bytes.hpp"
#include "crypto/openssl.hpp"

namespace atls::test {

struct Reply {
  int status = 200;
  Buffer body;
  std::string headers;                              // further lines, each ended by CRLF
  std::chrono::milliseconds delay{0};               // before the first byte
  std::size_t cut = 0;                              // so many bytes of the body are announced and never sent
  bool chunked_without_end = false;                 // no length: the client must count by itself
};
inline Reply reply(int status, std::string headers = {}) { return {status, to_buffer("status " + std::to_string(status)), std::move(headers), {}, 0, false}; }
inline Reply reply(Buffer body) { return {200, std::move(body), {}, {}, 0, false}; }

class HttpServer {
 public:
  // `answer` gets the request target ("/vcek/v1/...", or a whole URL from a client that uses this as its proxy) and how many
  // requests came before.
  using Answer = std::function<Reply(const std::string& target, std::size_t before)>;

  // With `tls`, which has certificate and key, it speaks HTTPS.
  explicit HttpServer(Answer answer, SSL_CTX* tls = nullptr) : answer_(std::move(answer)), tls_(tls) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (listener_ < 0 || ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::runtime_error("cannot listen on 127.0.0.1");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~HttpServer() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    stopped_.notify_all();
    thread_.join();
    ::close(listener_);
  }
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::string url() const { return (tls_ ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_); }
  std::vector<std::string> targets() const {
    const std::lock_guard lock(mutex_);
    return targets_;
  }
  std::size_t requests() const { return targets().size(); }

 private:
  bool stopping() const {
    const std::lock_guard lock(mutex_);
    return stop_;
  }

  void serve() {
    sigset_t pipe;                       // OpenSSL writes to clients that have gone
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    while (!stopping()) {
      pollfd ready{listener_, POLLIN, 0};
      if (::poll(&ready, 1, 5) <= 0) continue;
      const int client = ::accept(listener_, nullptr, nullptr);
      if (client < 0) continue;
      const timeval limit{5, 0};
      ::setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
      ::setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
      {
        const crypto::SslPtr ssl(tls_ ? SSL_new(tls_) : nullptr);
        const bool shaken = !ssl || (SSL_set_fd(ssl.get(), client) == 1 && SSL_accept(ssl.get()) == 1);
        if (shaken) handle(client, ssl.get());
        if (shaken && ssl) SSL_shutdown(ssl.get());
        ERR_clear_error();
      }
      ::close(client);
    }
  }

  void handle(int client, SSL* ssl) {
    std::string request;
    char block[4096];
    while (request.find("\r\n\r\n") == std::string::npos) {
      const ssize_t n = ssl ? SSL_read(ssl, block, sizeof block) : ::recv(client, block, sizeof block, 0);
      if (n <= 0 || request.size() > 65536) return;
      request.append(block, static_cast<std::size_t>(n));
    }
    const std::size_t first = request.find(' '), second = request.find(' ', first + 1);
    const std::string target = request.substr(first + 1, second - first - 1);
    std::size_t before = 0;
    {
      const std::lock_guard lock(mutex_);
      before = targets_.size();
      targets_.push_back(target);
    }
    const Reply reply = answer_(target, before);
    {
      std::unique_lock lock(mutex_);
      if (stopped_.wait_for(lock, reply.delay, [&] { return stop_; })) return;
    }
    std::string head = "HTTP/1.1 " + std::to_string(reply.status) + " Test\r\nConnection: close\r\n" + reply.headers;
    if (!reply.chunked_without_end) head += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n";
    head += "\r\n";
    send_all(client, ssl, as_bytes(head));
    send_all(client, ssl, Bytes(reply.body).first(reply.body.size() - reply.cut));
  }

  static void send_all(int client, SSL* ssl, Bytes data) {
    while (!data.empty()) {
      const ssize_t n = ssl ? SSL_write(ssl, data.data(), static_cast<int>(data.size())) : ::send(client, data.data(), data.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      data = data.subspan(static_cast<std::size_t>(n));
    }
  }

  Answer answer_;
  SSL_CTX* tls_;
  int listener_ = -1;
  unsigned port_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;
  std::vector<std::string> targets_;
  std::thread thread_;
};

}  // namespace atls::test
