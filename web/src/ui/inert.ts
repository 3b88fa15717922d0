// SPDX-License-Identifier: Apache-2.0
// Log text is hostile: it is only ever set as text, and characters that hide or turn it around are made visible. Pure.

const kInvisible = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** Control and bidirectional characters as ‹U+202E›. */
export function inert(text: string): string {
  return text.replace(kInvisible, (c) => `‹U+${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}›`);
}
