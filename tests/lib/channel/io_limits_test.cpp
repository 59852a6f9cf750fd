#include "channel/io_limits.hpp"

#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

using namespace atls;

TEST_CASE("io limits: the limited socket answers for its descriptor, and looks empty at its limit of bytes") {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
  const crypto::Handle<SSL_CTX, SSL_CTX_free> context(SSL_CTX_new(TLS_method()));
  REQUIRE(context);
  const crypto::Handle<SSL, SSL_free> ssl(SSL_new(context.get()));
  REQUIRE(ssl);
  channel::IoLimits limits;
  REQUIRE(channel::attach_limited(*ssl, ends[0], limits));
  CHECK(SSL_get_fd(ssl.get()) == ends[0]);   // a server counts its clients by the address of this one
  CHECK(SSL_get_wfd(ssl.get()) == ends[0]);

  limits.begin(channel::IoLimits::Clock::now() + std::chrono::hours(1), 10);
  const std::array<char, 20> sent{};
  REQUIRE(::send(ends[1], sent.data(), sent.size(), 0) == 20);
  std::array<char, 20> got{};
  CHECK(BIO_read(SSL_get_rbio(ssl.get()), got.data(), 20) <= 10);
  CHECK(BIO_read(SSL_get_rbio(ssl.get()), got.data(), 20) <= 0);
  CHECK(BIO_should_retry(SSL_get_rbio(ssl.get())));
  CHECK(limits.over() == channel::IoLimits::Over::bytes);

  limits.begin(channel::IoLimits::Clock::now() - std::chrono::seconds(1), 10);
  CHECK(BIO_read(SSL_get_rbio(ssl.get()), got.data(), 20) <= 0);
  CHECK(limits.over() == channel::IoLimits::Over::time);
  ::close(ends[0]);
  ::close(ends[1]);
}
