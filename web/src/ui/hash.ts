// SPDX-License-Identifier: Apache-2.0
// SHA-256 of a file, computed by the browser.
const kMaxLocalHash = 64 * 1024 * 1024;  // larger files would have to lie in memory as a whole

export async function localHash(file: File): Promise<string | null> {
  if (!globalThis.crypto?.subtle || file.size > kMaxLocalHash) return null;
  const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
  return [...new Uint8Array(digest)].map((b) => b.toString(16).padStart(2, '0')).join('');
}
