// SPDX-License-Identifier: Apache-2.0
// Any lines as what Exim writes and as messages of the three mail servers.
#include "ingest/mail_log.h"

#include "ingest/testing/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace phendau;
  static auto decoder = ingest::make_decoder("exim");
  ingest::fuzz_lines(**decoder, data, size);
  const std::string text = to_valid_utf8({reinterpret_cast<const char*>(data), size});
  for (const char* program : {"postfix/smtpd", "exim4", "dovecot"}) {
    ingest::PairList fields;
    ingest::LineMeaning meaning;
    ingest::parse_mail_message(program, text, fields, meaning);
    for (const auto& item : fields.items()) PHENDAU_ASSERT(is_valid_utf8(item.value));
  }
  return 0;
}
