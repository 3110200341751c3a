import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const fixture = createRequire(fileURLToPath(new URL('./test/fixtures/sdk2/package.json', import.meta.url)))

const threadFile = {
  find: /^.*\/thread-file\.ts$/,
  replacement: fileURLToPath(new URL('./test/support/thread-file.ts', import.meta.url)),
}

/** Everything that the suites import of OpenTelemetry, as the SDK generation before 3 has it. */
const sdk2 = ['api', 'api-logs', 'context-async-hooks', 'core', 'sdk-logs', 'sdk-metrics', 'sdk-trace'].map((name) => ({
  find: new RegExp(`^@opentelemetry/${name}$`),
  replacement: fixture.resolve(`@opentelemetry/${name}`),
}))

const shared = {
  pool: 'forks' as const,
  maxWorkers: '100%',
  setupFiles: ['test/support/setup.ts'],
  testTimeout: 30_000,
}

export default defineConfig({
  test: {
    // For the count that .ci/run closes with.
    reporters: process.env.CI ? ['default', ['json', { outputFile: '.cache/tests.json' }]] : ['default'],
    projects: [
      { test: { ...shared, name: 'sdk3', include: ['test/**/*.test.ts'], alias: [threadFile] } },
      // The contract holds under both generations; packaging and processes are tested once.
      {
        test: {
          ...shared,
          name: 'sdk2',
          include: ['test/contract/*.test.ts'],
          alias: [threadFile, ...sdk2],
        },
      },
    ],
  },
})
