// SPDX-License-Identifier: Apache-2.0
#include "store/ledger/secret_box.h"

#include <memory>

#include <openssl/evp.h>

namespace phendau::ledger {
namespace {

struct CipherDeleter {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, CipherDeleter>;

const unsigned char* in(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* out(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

Result<> check_key(std::string_view key) {
  if (key.size() != kSecretKeyBytes) {
    return fail(ErrorCode::invalid, "the ledger was opened without its 32-byte secret key", "ledger.no_key");
  }
  return {};
}

}  // namespace

Result<std::string> seal_secret(std::string_view key, std::string_view nonce, std::string_view address,
                                std::string_view clear) {
  PHENDAU_TRY(check_key(key));
  PHENDAU_ASSERT(nonce.size() == kSecretNonceBytes);
  const Cipher context(EVP_CIPHER_CTX_new());
  std::string sealed(clear.size(), '\0');
  std::string tag(kSecretTagBytes, '\0');
  int length = 0;
  const bool done =
      EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, in(key), in(nonce)) == 1 &&
      EVP_EncryptUpdate(context.get(), nullptr, &length, in(address), static_cast<int>(address.size())) ==
          1 &&
      EVP_EncryptUpdate(context.get(), out(sealed), &length, in(clear), static_cast<int>(clear.size())) ==
          1 &&
      EVP_EncryptFinal_ex(context.get(), out(tag), &length) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kSecretTagBytes, tag.data()) == 1;
  PHENDAU_ASSERT(done);
  return std::string(nonce) + sealed + tag;
}

Result<std::string> open_secret(std::string_view key, std::string_view address, std::string_view sealed) {
  PHENDAU_TRY(check_key(key));
  const auto damaged = [] {
    return fail(ErrorCode::corrupt, "a stored secret does not open: another key, or it was changed",
                "ledger.secret_damaged");
  };
  if (sealed.size() < kSecretNonceBytes + kSecretTagBytes) return damaged();
  const std::string_view body =
      sealed.substr(kSecretNonceBytes, sealed.size() - kSecretNonceBytes - kSecretTagBytes);
  std::string tag(sealed.substr(sealed.size() - kSecretTagBytes));
  const Cipher context(EVP_CIPHER_CTX_new());
  std::string clear(body.size(), '\0');
  std::string rest(kSecretTagBytes, '\0');
  int length = 0;
  const bool opened =
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, in(key), in(sealed)) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &length, in(address), static_cast<int>(address.size())) ==
          1 &&
      EVP_DecryptUpdate(context.get(), out(clear), &length, in(body), static_cast<int>(body.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kSecretTagBytes, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(context.get(), out(rest), &length) == 1;
  if (!opened) return damaged();
  return clear;
}

}  // namespace phendau::ledger
