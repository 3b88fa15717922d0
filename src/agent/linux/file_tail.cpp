// SPDX-License-Identifier: Apache-2.0
// Each call asks: where is the file that my position names? Under its own name (same inode, same first bytes,
// not shorter): read on. Else it was rotated: finish the descriptor still held, or the sibling with that
// inode or those first bytes, then begin the new file at 0. So no state beyond the position is needed to be
// exact after a restart.
#include "agent/linux/file_tail.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"

namespace phendau::agent {
namespace {

constexpr std::size_t kSiblingsMax = 1000;  // files of one log folder that are looked at after a rotation

struct Position {
  std::uint64_t inode = 0;
  std::uint64_t offset = 0;
  std::uint64_t fingerprint_bytes = 0;
  std::uint64_t fingerprint = 0;
  bool skipping = false;  // inside a line that was cut: drop up to its end

  std::string text() const {
    return fmt::format("1 {} {} {} {} {}", inode, offset, fingerprint_bytes, fingerprint, skipping ? 1 : 0);
  }
};

std::optional<std::uint64_t> parse_u64(std::string_view text) {
  std::uint64_t value = 0;
  if (text.empty() || text.size() > 20) return std::nullopt;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

Position parse_position(std::string_view text) {
  const auto parts = split(text, ' ');
  if (parts.size() != 6 || parts[0] != "1") return {};
  std::uint64_t numbers[5];
  for (std::size_t i = 0; i < 5; ++i) {
    const auto value = parse_u64(parts[i + 1]);
    if (!value) return {};
    numbers[i] = *value;
  }
  return {numbers[0], numbers[1], std::min<std::uint64_t>(numbers[2], kFingerprintBytesMax), numbers[3],
          numbers[4] == 1};
}

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    reset();
    fd_ = std::exchange(other.fd_, -1);
    return *this;
  }
  static Descriptor open(const std::string& path) {
    return Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  }
  bool is_open() const { return fd_ >= 0; }
  bool status(struct stat& out) const { return fd_ >= 0 && ::fstat(fd_, &out) == 0 && S_ISREG(out.st_mode); }
  /// Up to `size_bytes`; shorter at the end; -1 in `error` is errno.
  std::string read(std::uint64_t offset, std::size_t size_bytes, int& error) const {
    std::string out(size_bytes, '\0');
    std::size_t done = 0;
    while (done < size_bytes) {
      const ssize_t n = ::pread(fd_, out.data() + done, size_bytes - done, static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) error = errno;
      if (n <= 0) break;
      done += static_cast<std::size_t>(n);
    }
    out.resize(done);
    return out;
  }
  void reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

bool matches(const Descriptor& file, const Position& position) {
  struct stat status{};
  if (!file.status(status) || static_cast<std::uint64_t>(status.st_size) < position.offset) return false;
  if (position.fingerprint_bytes == 0) return true;
  int error = 0;
  const std::string start = file.read(0, static_cast<std::size_t>(position.fingerprint_bytes), error);
  return error == 0 && start.size() == position.fingerprint_bytes && hash64(start) == position.fingerprint;
}

class FileTail : public Collector {
 public:
  FileTail(std::string path, wire::RecordFormat format) : path_(std::move(path)), format_(format) {
    status_.channel = path_;
    status_.state = "waiting";
  }

  std::string source() const override { return "file:" + path_; }
  void rewind(const std::string& position) override {
    at_ = parse_position(position);
    held_.reset();
  }
  wire::SourceStatus status() const override { return status_; }

  Result<Collected> collect(UtcTime now) override {
    Descriptor current = Descriptor::open(path_);
    const int open_error = errno;
    struct stat status{};
    const bool there = current.status(status);
    if (!there && current.is_open()) return not_available(fmt::format("{} is not a file", path_));
    if (!there && open_error != ENOENT)
      return not_available(fmt::format("{}: {}", path_, std::strerror(open_error)));
    const auto inode = static_cast<std::uint64_t>(there ? status.st_ino : 0);
    const bool first_time = at_.inode == 0;
    const bool live = there && (first_time || (inode == at_.inode && matches(current, at_)));
    if (!live && !first_time) {
      // While the new file is missing or empty, its writer may still add to the old one.
      const bool old_is_finished = there && status.st_size > 0;
      Collected rest;
      if (PHENDAU_TRY(read_rotated(rest, now, old_is_finished))) return rest;
      if (!old_is_finished) {
        rest.position = at_.text();
        return there ? Result<Collected>(std::move(rest)) : waiting(std::move(rest));
      }
      at_ = {};
    }
    if (!there) {
      Collected none;
      none.position = first_time ? std::string() : at_.text();
      return waiting(std::move(none));
    }
    at_.inode = inode;
    held_ = std::move(current);
    status_.state = "reading";
    status_.reason.clear();
    return read_lines(held_, now, false);
  }

 private:
  Result<Collected> not_available(std::string reason) {
    status_.state = "not_available";
    status_.reason = reason;
    return fail(ErrorCode::io, std::move(reason), "agent.trouble.source", {path_});
  }
  Result<Collected> waiting(Collected collected) {
    status_.state = "waiting";
    status_.reason = path_ + " is not there yet";
    return collected;
  }

  /// Reads what is left of the file that the position names, wherever it is. False when nothing is left or it
  /// is gone.
  Result<bool> read_rotated(Collected& out, UtcTime now, bool finished) {
    Descriptor sibling;
    const Descriptor* file = nullptr;
    struct stat status{};
    if (held_.status(status) && static_cast<std::uint64_t>(status.st_ino) == at_.inode &&
        matches(held_, at_)) {
      file = &held_;
    } else if (find_sibling(sibling)) {
      file = &sibling;
    }
    if (file == nullptr) return false;
    out = PHENDAU_TRY(read_lines(*file, now, finished));
    if (out.records.empty() && !out.more) return false;
    out.more = out.more || finished;  // The new file comes next.
    return true;
  }

  bool find_sibling(Descriptor& out) const {
    const std::size_t slash = path_.find_last_of('/');
    const std::string folder =
        slash == std::string::npos ? "." : path_.substr(0, std::max<std::size_t>(slash, 1));
    const std::string base = path_.substr(slash == std::string::npos ? 0 : slash + 1);
    const std::string stem = base.substr(0, base.find_last_of('.'));
    DIR* directory = ::opendir(folder.c_str());
    if (directory == nullptr) return false;
    bool found = false;
    std::size_t looked_at = 0;
    while (const dirent* entry = ::readdir(directory)) {
      const std::string name = entry->d_name;
      if (name == base || !name.starts_with(stem) || ++looked_at > kSiblingsMax) continue;
      // With nothing read yet, any file would match: then only the inode tells.
      if (at_.fingerprint_bytes == 0 && entry->d_ino != at_.inode) continue;
      Descriptor candidate = Descriptor::open(folder + "/" + name);
      if (!matches(candidate, at_)) continue;
      const bool same_inode = entry->d_ino == at_.inode;
      if (!found || same_inode) out = std::move(candidate);
      found = true;
      if (same_inode) break;
    }
    ::closedir(directory);
    return found;
  }

  Result<Collected> read_lines(const Descriptor& file, UtcTime now, bool finished) {
    int error = 0;
    const std::string bytes = file.read(at_.offset, kCollectBytesMax, error);
    if (error != 0) return not_available(fmt::format("{}: {}", path_, std::strerror(error)));
    Collected out;
    std::size_t at = 0;
    while (at < bytes.size() && out.records.size() < kCollectRecordsMax) {
      std::size_t end = bytes.find('\n', at);
      const bool whole = end != std::string::npos;
      if (!whole) end = bytes.size();
      const bool at_end_of_file = bytes.size() < kCollectBytesMax;
      if (!whole && !at_.skipping && end - at < kLineBytesMax && !(finished && at_end_of_file)) break;
      if (!at_.skipping) add_line(out, std::string_view(bytes).substr(at, end - at), now);
      at_.skipping = !whole && !(finished && at_end_of_file);
      at = whole ? end + 1 : end;
    }
    at_.offset += at;
    out.more = at > 0 && (at < bytes.size()
                              ? out.records.size() >= kCollectRecordsMax || bytes.size() == kCollectBytesMax
                              : bytes.size() == kCollectBytesMax);
    if (at_.fingerprint_bytes < kFingerprintBytesMax && at_.offset > at_.fingerprint_bytes) {
      at_.fingerprint_bytes = std::min<std::uint64_t>(at_.offset, kFingerprintBytesMax);
      at_.fingerprint = hash64(file.read(0, static_cast<std::size_t>(at_.fingerprint_bytes), error));
    }
    out.position = at_.text();
    if (!out.records.empty()) status_.last_event_at = now;
    status_.records_total += out.records.size();
    return out;
  }

  void add_line(Collected& out, std::string_view line, UtcTime now) {
    // A program that keeps its old offset after a truncation leaves a hole of zeros in front.
    while (!line.empty() && line.front() == '\0') line.remove_prefix(1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty()) return;
    if (line.size() > kLineBytesMax) {
      line = line.substr(0, kLineBytesMax);
      ++status_.cut_total;
    }
    out.records.push_back({path_, format_, now, std::string(line)});
  }

  std::string path_;
  wire::RecordFormat format_;
  Position at_;
  Descriptor held_;  // the file read last; outlives its name
  wire::SourceStatus status_;
};

}  // namespace

std::unique_ptr<Collector> make_file_tail(std::string path, wire::RecordFormat format) {
  return std::make_unique<FileTail>(std::move(path), format);
}

}  // namespace phendau::agent
