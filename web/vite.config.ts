// SPDX-License-Identifier: Apache-2.0
// Builds web/dist: index.html plus hashed files under assets/. Nothing is inlined, because the content security policy
// of the hub allows scripts and styles from its own address only.
import { defineConfig } from 'vite';

const hub = process.env.PHENDAU_HUB ?? 'http://127.0.0.1:8099';

export default defineConfig({
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  build: {
    target: ['es2020', 'firefox91', 'chrome90'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    cssCodeSplit: true,
  },
  server: { proxy: { '/api': { target: hub, changeOrigin: false } } },
});
