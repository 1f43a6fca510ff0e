import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// scripts/matrix.mjs says which Node.js it started: a wrapper on PATH must not quietly test another one.
const wanted = process.env['QUORATE_NODE_MAJOR'];
if (wanted !== undefined && !process.version.startsWith(`v${wanted}.`)) {
  throw new Error(`Cannot test Node.js ${wanted}: this is ${process.version}`);
}

export default defineConfig({
  // Examples and documents import the package by its name; tests run them on the sources.
  resolve: {
    alias: [
      { find: /^quorate$/, replacement: fileURLToPath(new URL('src/index.ts', import.meta.url)) },
      { find: /^quorate\/(.+)$/, replacement: fileURLToPath(new URL('src/$1/index.ts', import.meta.url)) },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // For hangs alone: on a busy machine a test that starts processes takes longer than the usual five seconds.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    coverage: {
      provider: 'v8',
      include: ['src/**', 'actors/**'],
      autoAttachSubprocess: true,
      reporter: ['text', 'lcov'],
    },
  },
});
