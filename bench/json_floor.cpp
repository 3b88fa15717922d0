// SPDX-License-Identifier: Apache-2.0
// The only file here that sees simdjson. Its DOM checks a whole document and unescapes all of its strings
// before it hands out anything, and takes the instructions of the processor it runs on, as the product's
// decoder does.
#include <fcntl.h>
#include <simdjson.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "bench/bench.h"

namespace phendau::bench {
namespace {

constexpr std::size_t kPieceBytes = 4u << 20;
constexpr std::size_t kWindowBytes = 1u << 20;  // of parse_many

std::uint64_t walk(const simdjson::dom::element& value) {
  std::uint64_t seen = 1;
  if (value.is_object()) {
    for (const auto& [key, member] : simdjson::dom::object(value)) seen += key.size() + walk(member);
  } else if (value.is_array()) {
    for (const auto& item : simdjson::dom::array(value)) seen += walk(item);
  } else if (value.is_string()) {
    seen += std::string_view(value).size();
  }
  return seen;
}

/// Reads these bytes of the file, which are whole lines, piece by piece into one buffer.
std::uint64_t walk_range(const std::string& path, std::uint64_t at, std::uint64_t end) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) give_up("cannot open " + path);
  simdjson::dom::parser parser;
#ifdef SIMDJSON_THREADS_ENABLED
  parser.threaded = false;  // one thread is one thread
#endif
  const std::unique_ptr<char[]> buffer(new char[kPieceBytes + simdjson::SIMDJSON_PADDING]());
  std::uint64_t seen = 0;
  while (at < end) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(kPieceBytes, end - at));
    const ssize_t got = ::pread(file, buffer.get(), wanted, static_cast<off_t>(at));
    if (got <= 0) give_up("cannot read " + path);
    const std::string_view text(buffer.get(), static_cast<std::size_t>(got));
    const std::string_view lines = text.substr(0, text.rfind('\n') + 1);
    if (lines.empty()) give_up("a line is too long, or the last one has no end: " + path);
    simdjson::dom::document_stream documents;
    if (parser.parse_many(lines.data(), lines.size(), kWindowBytes).get(documents))
      give_up("no JSON: " + path);
    for (auto document : documents) {
      simdjson::dom::element root;
      if (document.get(root)) give_up("a line is no JSON: " + path);
      seen += walk(root);
    }
    at += lines.size();
  }
  ::close(file);
  return seen;
}

}  // namespace

std::uint64_t walk_json(const std::vector<std::string>& lines) {
  simdjson::dom::parser parser;
  std::uint64_t seen = 0;
  for (const auto& line : lines) seen += walk(parser.parse(line));
  return seen;
}

JsonFloor::JsonFloor(std::string path, std::size_t threads) : path_(std::move(path)) {
  begins_.push_back(0);
  std::ifstream file(path_, std::ios::binary | std::ios::ate);
  if (!file) give_up("cannot open " + path_);
  const auto size = static_cast<std::uint64_t>(file.tellg());
  for (std::size_t i = 1; i < threads; ++i) {
    file.seekg(static_cast<std::streamoff>(size * i / threads));
    std::string rest_of_line;
    std::getline(file, rest_of_line);
    begins_.push_back(static_cast<std::uint64_t>(file.tellg()));
  }
  begins_.push_back(size);
}

std::uint64_t JsonFloor::read() const {
  std::atomic<std::uint64_t> seen = 0;
  std::vector<std::thread> others;
  for (std::size_t i = 2; i < begins_.size(); ++i)
    others.emplace_back([&, i] { seen += walk_range(path_, begins_[i - 1], begins_[i]); });
  seen += walk_range(path_, begins_[0], begins_[1]);
  for (auto& thread : others) thread.join();
  return seen;
}

}  // namespace phendau::bench
