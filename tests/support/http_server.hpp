// An HTTP server on 127.0.0.1 in a thread of the test, which misbehaves as told.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
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

  explicit HttpServer(Answer answer) : answer_(std::move(answer)) {
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

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
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
    while (!stopping()) {
      pollfd ready{listener_, POLLIN, 0};
      if (::poll(&ready, 1, 5) <= 0) continue;
      const int client = ::accept(listener_, nullptr, nullptr);
      if (client < 0) continue;
      const timeval limit{5, 0};
      ::setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
      ::setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
      handle(client);
      ::close(client);
    }
  }

  void handle(int client) {
    std::string request;
    char block[4096];
    while (request.find("\r\n\r\n") == std::string::npos) {
      const ssize_t n = ::recv(client, block, sizeof block, 0);
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
    send_all(client, as_bytes(head));
    send_all(client, Bytes(reply.body).first(reply.body.size() - reply.cut));
  }

  static void send_all(int client, Bytes data) {
    while (!data.empty()) {
      const ssize_t n = ::send(client, data.data(), data.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      data = data.subspan(static_cast<std::size_t>(n));
    }
  }

  Answer answer_;
  int listener_ = -1;
  unsigned port_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;
  std::vector<std::string> targets_;
  std::thread thread_;
};

}  // namespace atls::test
