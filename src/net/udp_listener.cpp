// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <thread>
#include <vector>

#include "net/bind.h"
#include "net/listeners.h"

namespace phendau::net {
namespace {

constexpr std::size_t kControlBytes = 64;  // one SO_RXQ_OVFL message

/// The buffers of one recvmmsg call, wired up once.
struct Batch {
  Batch() : bytes(kDatagramBatchMax * kDatagramBytesMax) {
    for (std::size_t i = 0; i < kDatagramBatchMax; ++i) {
      vectors[i] = {bytes.data() + i * kDatagramBytesMax, kDatagramBytesMax};
      headers[i].msg_hdr.msg_iov = &vectors[i];
      headers[i].msg_hdr.msg_iovlen = 1;
    }
    rearm(kDatagramBatchMax);
  }

  /// The kernel overwrites these lengths.
  void rearm(std::size_t used) {
    for (std::size_t i = 0; i < used; ++i) {
      msghdr& header = headers[i].msg_hdr;
      header.msg_name = &peers[i];
      header.msg_namelen = sizeof peers[i];
      header.msg_control = controls[i].data();
      header.msg_controllen = kControlBytes;
    }
  }

  std::vector<char> bytes;
  std::array<iovec, kDatagramBatchMax> vectors{};
  std::array<mmsghdr, kDatagramBatchMax> headers{};
  std::array<sockaddr_storage, kDatagramBatchMax> peers{};
  alignas(cmsghdr) std::array<std::array<char, kControlBytes>, kDatagramBatchMax> controls{};
  std::array<Datagram, kDatagramBatchMax> datagrams{};
};

int set_receive_buffer(int descriptor, int size_bytes) {
  if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size_bytes, sizeof size_bytes) != 0) {
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size_bytes, sizeof size_bytes);
  }
  int granted = 0;
  socklen_t size = sizeof granted;
  getsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &granted, &size);
  return granted;
}

}  // namespace

struct UdpListener::Core {
  int descriptor = -1;
  int stop_signal = -1;
  Address address;
  OnDatagrams on_datagrams;
  std::atomic<std::uint64_t> received{0};
  std::atomic<std::uint64_t> received_bytes{0};
  std::atomic<std::uint64_t> dropped{0};
  std::uint32_t dropped_before = 0;  // the kernel's counter wraps at 32 bits; used by the thread only
  int granted_bytes = 0;
  std::thread thread;

  ~Core() {
    if (descriptor >= 0) ::close(descriptor);
    if (stop_signal >= 0) ::close(stop_signal);
  }

  void note_drops(msghdr& header) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
      if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SO_RXQ_OVFL) continue;
      std::uint32_t total = 0;
      std::memcpy(&total, CMSG_DATA(part), sizeof total);
      dropped += total - dropped_before;
      dropped_before = total;
    }
  }

  /// False when nothing waits.
  bool receive(Batch& batch) {
    const int count = recvmmsg(descriptor, batch.headers.data(), kDatagramBatchMax, MSG_DONTWAIT, nullptr);
    if (count <= 0) return false;
    const auto used = static_cast<std::size_t>(count);
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < used; ++i) {
      const std::size_t size = batch.headers[i].msg_len;
      batch.datagrams[i] = {{batch.bytes.data() + i * kDatagramBytesMax, size},
                            address_from(reinterpret_cast<const sockaddr*>(&batch.peers[i]))};
      total += size;
    }
    note_drops(batch.headers[used - 1].msg_hdr);
    received += used;
    received_bytes += total;
    on_datagrams({batch.datagrams.data(), used});
    batch.rearm(used);
    return true;
  }

  void run() {
    const auto batch = std::make_unique<Batch>();
    for (;;) {
      pollfd waits[2] = {{descriptor, POLLIN, 0}, {stop_signal, POLLIN, 0}};
      if (poll(waits, 2, -1) < 0) continue;  // EINTR
      if (waits[1].revents != 0) return;
      receive(*batch);
    }
  }
};

Result<std::unique_ptr<UdpListener>> UdpListener::start(const UdpListenerConfig& config,
                                                        OnDatagrams on_datagrams) {
  const BoundSocket bound = PHENDAU_TRY(bind_socket(config.listen, SocketKind::udp));
  auto core = std::make_unique<Core>();
  core->descriptor = bound.descriptor;
  core->address = bound.address;
  core->on_datagrams = std::move(on_datagrams);
  core->granted_bytes = set_receive_buffer(bound.descriptor, config.receive_buffer_bytes);
  const int on = 1;
  setsockopt(bound.descriptor, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
  core->stop_signal = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (core->stop_signal < 0) return fail(ErrorCode::io, "no descriptor left for the UDP listener");
  core->thread = std::thread([raw = core.get()] { raw->run(); });
  return std::unique_ptr<UdpListener>(new UdpListener(std::move(core)));
}

UdpListener::UdpListener(std::unique_ptr<Core> core) : core_(std::move(core)) {}
UdpListener::~UdpListener() { stop(); }
std::uint16_t UdpListener::port() const { return core_->address.port; }

UdpCounts UdpListener::counts() const {
  return {core_->received, core_->received_bytes, core_->dropped, core_->granted_bytes};
}

void UdpListener::stop() {
  if (!core_->thread.joinable()) return;
  const std::uint64_t one = 1;
  while (::write(core_->stop_signal, &one, sizeof one) < 0 && errno == EINTR) {
  }
  core_->thread.join();
}

}  // namespace phendau::net
