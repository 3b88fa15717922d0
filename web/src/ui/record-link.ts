// SPDX-License-Identifier: Apache-2.0
// Where the portal shows a record that something is about ("KIND/ID").
export function recordLink(about: string | undefined): string | null {
  const [kind, id] = (about ?? '').split('/');
  if (!kind || !id) return null;
  const place = kind === 'case' ? '/su-co' : kind === 'warning' ? '/thong-bao-nguy-co' : kind === 'paper' ? '/giay-to' : `/so-dang-ky/${kind}`;
  return `${place}/${encodeURIComponent(id)}`;
}
