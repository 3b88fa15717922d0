// SPDX-License-Identifier: Apache-2.0
// Reads an e-mail (RFC 5322, MIME) from memory: header fields that people read, and all parts with their
// transfer encoding undone. Nested multiparts are flattened; an attached message is a part. Lenient: broken
// encodings give what can be decoded. Used by document_text. Plain values; thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace phendau::hub {

struct MimeLimits {
  std::size_t parts_max = 1'000;
  int depth_max = 16;  // multipart in multipart
};
struct MimePart {
  std::string media_type;  // lower case, "text/plain" when not given
  std::string charset;     // lower case, may be empty
  std::string name;        // file name, may be empty
  bool decoded = true;     // false: a transfer encoding that we do not know
  std::string bytes;
};
struct MimeMessage {
  std::vector<std::string> headers;  // values, unfolded, encoded words undone
  std::vector<MimePart> parts;
};

/// Whether the text begins with header fields of which one is MIME's.
bool looks_like_mail(std::string_view text);
/// `limit` when there are too many parts or they nest too deeply.
Result<MimeMessage> read_mime(std::string_view text, const MimeLimits& limits = {});

}  // namespace phendau::hub
