import { defineConfig } from 'tsdown'

export default defineConfig({
  entry: [
    'src/index.ts',
    'src/worker.ts',
    'src/processor.ts',
    'src/pipeline/record-target.ts',
    'adapters/pino/index.ts',
    'adapters/pino/target.ts',
    'adapters/winston/index.ts',
    'adapters/instrumentation/index.ts',
    'adapters/instrumentation/register.ts',
    'adapters/cli/main.ts',
  ],
  format: ['esm', 'cjs'],
  platform: 'node',
  target: 'node20.19',
  // A file per module: a stack trace then says which room it came from, and the worker's file keeps its place.
  unbundle: true,
  dts: true,
  tsconfig: 'tsconfig.build.json',
  sourcemap: true,
  outputOptions: { exports: 'named' },
  fixedExtension: false,
})
