// SPDX-License-Identifier: Apache-2.0
#include "store/ledger/content.h"

#include <algorithm>

#include "base/text.h"

namespace phendau::ledger {
namespace {

void put_u32(std::string& out, std::size_t value) {
  for (int i = 0; i < 4; ++i) out += static_cast<char>(value >> (8 * i) & 255);
}
void put_u64(std::string& out, std::uint64_t value) {
  for (int i = 0; i < 8; ++i) out += static_cast<char>(value >> (8 * i) & 255);
}
void put_text(std::string& out, std::string_view text) {
  put_u32(out, text.size());
  out += text;
}

std::optional<Sha256> digest_from_hex(const std::string& hex) {
  const auto bytes = from_hex(hex);
  if (!bytes || bytes->size() != sizeof(Sha256)) return std::nullopt;
  Sha256 out{};
  std::copy(bytes->begin(), bytes->end(), reinterpret_cast<char*>(out.data()));
  return out;
}

}  // namespace

std::string_view to_string(Change::Type type) { return type == Change::Type::write ? "write" : "redact"; }

Sha256 leaf_digest(std::string_view salt, std::string_view name, const Json& value) {
  std::string bytes = "phendau.leaf.1\n";
  put_text(bytes, salt);
  put_text(bytes, name);
  put_text(bytes, value.dump_canonical());
  return sha256(bytes);
}

void Content::add(std::string name, Json value, std::string salt) {
  Leaf leaf;
  leaf.digest = leaf_digest(salt, name, value);
  leaf.name = std::move(name);
  leaf.value = std::move(value);
  leaf.salt = std::move(salt);
  leaves.push_back(std::move(leaf));
}

const Leaf* Content::find(std::string_view name) const {
  const auto found =
      std::find_if(leaves.begin(), leaves.end(), [&](const Leaf& leaf) { return leaf.name == name; });
  return found == leaves.end() ? nullptr : &*found;
}
Leaf* Content::find(std::string_view name) {
  return const_cast<Leaf*>(static_cast<const Content*>(this)->find(name));
}

Sha256 Content::digest() const {
  std::vector<const Leaf*> sorted;
  for (const auto& leaf : leaves) sorted.push_back(&leaf);
  std::sort(sorted.begin(), sorted.end(), [](const Leaf* a, const Leaf* b) { return a->name < b->name; });
  std::string bytes = "phendau.content.1\n";
  put_u32(bytes, sorted.size());
  for (const Leaf* leaf : sorted) {
    put_text(bytes, leaf->name);
    bytes += as_bytes(leaf->digest);
  }
  return sha256(bytes);
}

Json Content::to_json() const {
  Json out = Json::object();
  for (const auto& leaf : leaves) {
    if (leaf.value)
      out.set(leaf.name, Json::object({{"s", to_hex(leaf.salt)}, {"v", *leaf.value}}));
    else
      out.set(leaf.name, Json::object({{"d", to_hex(leaf.digest)}}));
  }
  return out;
}

Result<Content> Content::from_json(const Json& json) {
  if (!json.is_object()) return fail(ErrorCode::corrupt, "content is not an object");
  Content out;
  for (const auto& [name, stored] : json.members()) {
    if (stored.contains("v") && stored["s"].is_string() && stored.size() == 2) {
      const auto salt = from_hex(stored["s"].as_string());
      if (!salt) return fail(ErrorCode::corrupt, "content has a damaged salt at '" + name + "'");
      out.add(name, stored["v"], *salt);
      continue;
    }
    const auto digest = digest_from_hex(stored["d"].as_string());
    if (!digest || stored.size() != 1)
      return fail(ErrorCode::corrupt, "content has a damaged leaf at '" + name + "'");
    Leaf leaf;
    leaf.name = name;
    leaf.digest = *digest;
    out.leaves.push_back(std::move(leaf));
  }
  return out;
}

Json Content::document() const {
  Json out = Json::object();
  for (const auto& leaf : leaves) {
    if (!leaf.name.starts_with('$')) out.set(leaf.name, leaf.value ? *leaf.value : redacted_marker());
  }
  return out;
}

std::string chain_bytes(const Change& change) {
  std::string out = "phendau.change.1\n";
  put_u64(out, change.seq);
  put_u64(out, static_cast<std::uint64_t>(change.at.ns));
  for (const std::string_view text :
       {to_string(change.type), std::string_view(change.actor_id), std::string_view(change.actor_name),
        std::string_view(change.actor_role), std::string_view(change.actor_from),
        std::string_view(change.kind), std::string_view(change.record_id), std::string_view(change.agency_id),
        std::string_view(change.pack)}) {
    put_text(out, text);
  }
  put_u64(out, static_cast<std::uint64_t>(change.version));
  for (const Sha256* digest : {&change.before, &change.after, &change.previous}) out += as_bytes(*digest);
  return out;
}

Json redacted_marker() { return Json::object({{"$redacted", true}}); }
Json secret_marker(std::int64_t version) { return Json::object({{"$secret", version}}); }
bool is_redacted_marker(const Json& value) {
  return value.is_object() && value.size() == 1 && value["$redacted"].as_bool();
}
bool is_secret_marker(const Json& value) {
  return value.is_object() && value.size() == 1 && value["$secret"].is_int();
}

}  // namespace phendau::ledger
