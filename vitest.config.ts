import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // Real servers on a machine that others may load: once more, and the report says so. At a developer's desk every failure shows.
    retry: process.env.CI === 'true' ? 1 : 0,
    coverage: {
      provider: 'v8',
      include: ['core/**', 'agent/**', 'collector/**', 'broker/**', 'alarm/**', 'notify/**', 'probes/**', 'protocols/**', 'cli/**'],
      reporter: ['text-summary', 'html'],
    },
  },
})
