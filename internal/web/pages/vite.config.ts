import { svelte } from '@sveltejs/vite-plugin-svelte';
import { licences } from './licences.ts';
import { defineConfig } from 'vitest/config';

// Each page is a build of its own, so that none loads what only another needs. The first one empties the folder.
const PAGES = ['till', 'manager', 'setup', 'display'];

// The build is committed: names carry a hash of the content and nothing of the machine, so that a rebuild gives the same bytes.
export default defineConfig(({ mode }) => {
  const page = PAGES.includes(mode) ? mode : 'till';
  return {
    plugins: [svelte({ configFile: false }), licences(page)],
    base: '/',
    publicDir: false,
    build: {
      outDir: '../dist',
      emptyOutDir: page === PAGES[0],
      target: ['chrome116', 'firefox124', 'safari17.4'], // the first with AbortSignal.any,
      modulePreload: false,
      assetsInlineLimit: 0, // the content security policy allows no data: addresses
      reportCompressedSize: true,
      rollupOptions: { input: { [page]: `${page}/index.html` } },
    },
    test: { include: ['{shared,till,manager,setup,display}/**/*.test.ts'], environment: 'node' },
  };
});
