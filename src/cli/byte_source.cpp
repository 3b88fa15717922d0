// SPDX-License-Identifier: Apache-2.0
#include "cli/byte_source.h"

#include <zlib.h>
#include <zstd.h>

#include <utility>

#include "ingest/utf16.h"

namespace phendau::cli {
namespace {

constexpr std::size_t kPieceBytes = 1u << 20;
constexpr std::size_t kPackedPieceBytes = 256u << 10;

std::unexpected<Error> damaged(const std::string& path) {
  return fail(ErrorCode::corrupt, "the compressed data of " + path + " is damaged or ends too early",
              "input.packed_damaged", {path});
}

class PlainSource : public ByteSource {
 public:
  PlainSource(std::unique_ptr<File> file, std::string head)
      : file_(std::move(file)), head_(std::move(head)) {}
  Result<bool> read(std::string& out) override {
    const std::size_t before = out.size();
    offset_ += head_.size();
    out += std::exchange(head_, {});
    const std::size_t begin = out.size();
    PHENDAU_TRY(file_->read_onto(out, offset_, kPieceBytes));
    offset_ += out.size() - begin;
    return out.size() > before;
  }
  std::uint64_t file_offset() const override { return offset_; }

 private:
  std::unique_ptr<File> file_;
  std::string head_;  // read already; a pipe cannot be read twice
  std::uint64_t offset_ = 0;
};

/// What both formats share: packed bytes come from the file, unpack() makes of them what it can.
class PackedSource : public ByteSource {
 public:
  PackedSource(std::unique_ptr<File> file, std::string path, std::string head)
      : file_(std::move(file)), path_(std::move(path)), packed_(std::move(head)), offset_(packed_.size()) {}

  Result<bool> read(std::string& out) override {
    const std::size_t before = out.size();
    while (out.size() == before) {
      if (at_ == packed_.size()) {
        packed_ = PHENDAU_TRY(file_->read_at(offset_, kPackedPieceBytes));
        offset_ += packed_.size();
        at_ = 0;
      }
      if (packed_.empty()) {
        if (!at_boundary()) return damaged(path_);
        return false;
      }
      PHENDAU_TRY(unpack(std::string_view(packed_), at_, out));
    }
    return true;
  }
  std::uint64_t file_offset() const override { return offset_; }

 protected:
  /// Takes bytes from `packed` at `at`, which it moves, and appends at most kPieceBytes.
  virtual Result<> unpack(std::string_view packed, std::size_t& at, std::string& out) = 0;
  /// Whether the data may end here.
  virtual bool at_boundary() const = 0;
  const std::string& path() const { return path_; }

 private:
  std::unique_ptr<File> file_;
  std::string path_;
  std::string packed_;
  std::size_t at_ = 0;
  std::uint64_t offset_ = 0;
};

/// gzip files may be several members one after another (RFC 1952, section 2.2).
class GzipSource final : public PackedSource {
 public:
  GzipSource(std::unique_ptr<File> file, std::string path, std::string head)
      : PackedSource(std::move(file), std::move(path), std::move(head)) {
    constexpr int kGzipWithLargestWindow = 16 + MAX_WBITS;
    ok_ = inflateInit2(&stream_, kGzipWithLargestWindow) == Z_OK;
  }
  ~GzipSource() override { inflateEnd(&stream_); }
  GzipSource(const GzipSource&) = delete;
  GzipSource& operator=(const GzipSource&) = delete;

 private:
  Result<> unpack(std::string_view packed, std::size_t& at, std::string& out) override {
    if (ended_) {
      // Zeros behind the last member are padding of tapes and disks.
      if (packed[at] == '\0') {
        at = packed.size();
        return {};
      }
      if (inflateReset(&stream_) != Z_OK) return damaged(path());
      ended_ = false;
    }
    const std::size_t before = out.size();
    out.resize(before + kPieceBytes);
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data() + at));
    stream_.avail_in = static_cast<uInt>(packed.size() - at);
    stream_.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream_.avail_out = static_cast<uInt>(kPieceBytes);
    const int state = ok_ ? inflate(&stream_, Z_NO_FLUSH) : Z_MEM_ERROR;
    at = packed.size() - stream_.avail_in;
    out.resize(before + kPieceBytes - stream_.avail_out);
    ended_ = state == Z_STREAM_END;
    if (state != Z_OK && state != Z_STREAM_END && state != Z_BUF_ERROR) return damaged(path());
    return {};
  }
  bool at_boundary() const override { return ended_; }

  z_stream stream_{};
  bool ok_ = false;
  bool ended_ = false;
};

class ZstdSource final : public PackedSource {
 public:
  ZstdSource(std::unique_ptr<File> file, std::string path, std::string head)
      : PackedSource(std::move(file), std::move(path), std::move(head)), stream_(ZSTD_createDStream()) {}
  ~ZstdSource() override { ZSTD_freeDStream(stream_); }
  ZstdSource(const ZstdSource&) = delete;
  ZstdSource& operator=(const ZstdSource&) = delete;

 private:
  Result<> unpack(std::string_view packed, std::size_t& at, std::string& out) override {
    const std::size_t before = out.size();
    out.resize(before + kPieceBytes);
    ZSTD_inBuffer in{packed.data(), packed.size(), at};
    ZSTD_outBuffer to{out.data() + before, kPieceBytes, 0};
    const std::size_t left = ZSTD_decompressStream(stream_, &to, &in);
    at = in.pos;
    out.resize(before + to.pos);
    if (ZSTD_isError(left) != 0) return damaged(path());
    ended_ = left == 0;
    return {};
  }
  bool at_boundary() const override { return ended_; }

  ZSTD_DStream* stream_;
  bool ended_ = false;
};

/// UTF-16 as UTF-8.
class Utf16Source final : public ByteSource {
 public:
  Utf16Source(std::unique_ptr<ByteSource> source, std::string head)
      : source_(std::move(source)), bytes_(std::move(head)), big_endian_(bytes_.starts_with(kBigEndianMark)) {
    bytes_.erase(0, kBigEndianMark.size());
  }
  Result<bool> read(std::string& out) override {
    const bool more = PHENDAU_TRY(source_->read(bytes_));
    std::size_t whole = bytes_.size() / 2 * 2;
    if (big_endian_) {
      for (std::size_t at = turned_; at < whole; at += 2) std::swap(bytes_[at], bytes_[at + 1]);
    }
    if (more && whole > 0) {  // the first half of a character waits for the second
      const auto high = static_cast<unsigned char>(bytes_[whole - 1]);
      if (high >= 0xD8 && high < 0xDC) whole -= 2;
    }
    ingest::append_utf16le(std::string_view(bytes_).substr(0, whole), out);
    bytes_.erase(0, whole);
    turned_ = bytes_.size() / 2 * 2;
    return more;
  }
  std::uint64_t file_offset() const override { return source_->file_offset(); }

 private:
  static constexpr std::string_view kBigEndianMark = "\xFE\xFF";

  std::unique_ptr<ByteSource> source_;
  std::string bytes_;  // not yet text
  bool big_endian_;
  std::size_t turned_ = 0;  // so many bytes are little-endian already
};

bool is_zstd(std::string_view head) {
  if (head == "\x28\xB5\x2F\xFD") return true;
  // What comes first may be a frame to be skipped (RFC 8878, section 3.1.2).
  return head.size() == 4 && (head[0] & 0xF0) == 0x50 && head.substr(1) == "\x2A\x4D\x18";
}

}  // namespace

Result<std::unique_ptr<ByteSource>> open_byte_source(Env& env, const std::string& path) {
  auto file = PHENDAU_TRY(env.open(path, OpenMode::read));
  std::string head = PHENDAU_TRY(file->read_at(0, 4));
  if (head.starts_with("\x1F\x8B"))
    return std::make_unique<GzipSource>(std::move(file), path, std::move(head));
  if (is_zstd(head)) return std::make_unique<ZstdSource>(std::move(file), path, std::move(head));
  return std::make_unique<PlainSource>(std::move(file), std::move(head));
}

std::unique_ptr<ByteSource> text_of_utf16(std::unique_ptr<ByteSource> source, std::string head) {
  return std::make_unique<Utf16Source>(std::move(source), std::move(head));
}

}  // namespace phendau::cli
