// SPDX-License-Identifier: Apache-2.0
// One connection as coroutines see it, plain or TLS, over Asio's reactor only: sockets are ours, Asio says
// when they are ready. Included by http_server.cpp and listeners.cpp and nobody else (compile time). Each
// stream belongs to one I/O thread, which runs one io_context; other threads post to it.
#pragma once

#ifdef __SANITIZE_THREAD__
#define BOOST_ASIO_DISABLE_FENCED_BLOCK 1  // GCC's TSan cannot follow fences; locks around the queues suffice
#endif
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include "net/socket_portable.h"
#include "net/tls.h"

namespace phendau::net {

namespace asio = boost::asio;
using Executor = asio::io_context::executor_type;
template <class T>
using Task = asio::awaitable<T, Executor>;
using Descriptor = asio::posix::basic_stream_descriptor<Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;
inline constexpr asio::as_tuple_t<asio::use_awaitable_t<Executor>> kAwait{};

inline constexpr std::int64_t kNever = INT64_MAX;

/// When a connection is closed for being slow. Written by its thread, read by the sweep.
struct Deadline {
  std::atomic<std::int64_t> at_ns{kNever};
  void set(Duration from_now) { at_ns.store(socket_clock().ns + from_now.ns, std::memory_order_relaxed); }
  void clear() { at_ns.store(kNever, std::memory_order_relaxed); }
  bool passed(Duration now) const { return at_ns.load(std::memory_order_relaxed) < now.ns; }
};

/// I/O threads with one io_context each.
class IoThreads {
 public:
  explicit IoThreads(std::size_t count) {
    for (std::size_t i = 0; i < std::max<std::size_t>(1, count); ++i) {
      contexts_.push_back(std::make_unique<asio::io_context>(1));
      guards_.emplace_back(contexts_.back()->get_executor());
    }
  }
  ~IoThreads() { stop(); }
  void start() {
    for (auto& context : contexts_) threads_.emplace_back([raw = context.get()] { raw->run(); });
  }
  void stop() {
    for (auto& context : contexts_) context->stop();
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }
  asio::io_context& first() { return *contexts_.front(); }
  asio::io_context& next() {
    return *contexts_[turn_.fetch_add(1, std::memory_order_relaxed) % contexts_.size()];
  }

 private:
  std::vector<std::unique_ptr<asio::io_context>> contexts_;
  std::vector<asio::executor_work_guard<Executor>> guards_;
  std::vector<std::thread> threads_;
  std::atomic<std::size_t> turn_{0};
};

class AsyncStream {
 public:
  AsyncStream(asio::io_context& io, int descriptor, Duration write_timeout)
      : descriptor_(io, descriptor), handle_(descriptor), write_timeout_(write_timeout) {}
  ~AsyncStream() {
    if (tls) tls->close();
  }

  std::optional<TlsSession> tls;
  Deadline deadline;

  Task<bool> handshake() {
    for (;;) {
      const TlsStep step = tls->handshake();
      if (step == TlsStep::done) co_return true;
      if (!want(step)) co_return false;
      if (!co_await wait(step)) co_return false;
    }
  }

  /// 0 at the end, on errors and after cancel().
  Task<std::size_t> read_some(char* out, std::size_t size_bytes) {
    for (;;) {
      const TlsCount got = try_read(out, size_bytes);
      if (got.step == TlsStep::done) co_return got.size_bytes;
      if (!want(got.step)) co_return 0;
      if (!co_await wait(got.step)) co_return 0;
    }
  }

  /// Moves the deadline on with each piece that the peer takes.
  Task<bool> write_all(std::string_view bytes) {
    deadline.set(write_timeout_);
    while (!bytes.empty()) {
      const TlsCount sent = try_write(bytes);
      if (sent.step == TlsStep::done) {
        bytes.remove_prefix(sent.size_bytes);
        deadline.set(write_timeout_);
        continue;
      }
      if (!want(sent.step)) co_return false;
      if (!co_await wait(sent.step)) co_return false;
    }
    co_return true;
  }

  TlsCount try_read(char* out, std::size_t size_bytes) {
    if (tls) return tls->read(out, size_bytes);
    bool would_block = false;
    const long got = socket_receive(handle_, out, size_bytes, would_block);
    if (got > 0) return {TlsStep::done, static_cast<std::size_t>(got)};
    if (got == 0) return {TlsStep::closed, 0};
    return {would_block ? TlsStep::want_read : TlsStep::failed, 0};
  }

  Descriptor& descriptor() { return descriptor_; }
  void end_writing() {
    if (tls) tls->close();
    ::shutdown(static_cast<int>(handle_), SHUT_WR);
  }
  /// Ends every wait now and, when `for_good`, later ones too. On the stream's thread.
  void cancel(bool for_good) {
    dead_ = dead_ || for_good;
    boost::system::error_code ignored;
    static_cast<void>(descriptor_.cancel(ignored));
  }

 private:
  static bool want(TlsStep step) { return step == TlsStep::want_read || step == TlsStep::want_write; }

  TlsCount try_write(std::string_view bytes) {
    if (tls) return tls->write(bytes);
    bool would_block = false;
    const long sent = socket_send(handle_, bytes, would_block);
    if (sent >= 0) return {TlsStep::done, static_cast<std::size_t>(sent)};
    return {would_block ? TlsStep::want_write : TlsStep::failed, 0};
  }

  Task<bool> wait(TlsStep step) {
    if (dead_) co_return false;
    const auto kind = step == TlsStep::want_read ? Descriptor::wait_read : Descriptor::wait_write;
    const auto [failure] = co_await descriptor_.async_wait(kind, kAwait);
    co_return !failure && !dead_;
  }

  Descriptor descriptor_;
  SocketHandle handle_;
  Duration write_timeout_;
  bool dead_ = false;
};

}  // namespace phendau::net
