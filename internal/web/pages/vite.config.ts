import { svelte } from '@sveltejs/vite-plugin-svelte';
import { licences } from './licences.ts';
import { defineConfig } from 'vitest/config';

// The build is committed: names carry a hash of the content and nothing of the machine, so that a rebuild gives the same bytes.
export default defineConfig({
  plugins: [svelte({ configFile: false }), licences()],
  base: '/',
  publicDir: false,
  build: {
    outDir: '../dist',
    emptyOutDir: true,
    target: ['chrome116', 'firefox124', 'safari17.4'], // the first with AbortSignal.any,
    modulePreload: false,
    assetsInlineLimit: 0, // the content security policy allows no data: addresses
    reportCompressedSize: true,
    rollupOptions: { input: { till: 'till/index.html' } },
  },
  test: { include: ['{shared,till}/**/*.test.ts'], environment: 'node' },
});
