// Preloaded into a child process: gives it the SDK generation under test, as the aliases of vitest.config.ts do here.

import { registerHooks } from 'node:module'

if (process.env.OTEL_GENERATION === '2') {
  const fixture = new URL('../fixtures/sdk2/package.json', import.meta.url).href
  registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier, specifier.startsWith('@opentelemetry/') ? { ...context, parentURL: fixture } : context),
  })
}
