// What stands in node_modules is not there where the bundle runs. The plugin works from CommonJS alone.

const { build } = require('esbuild')
const pinoPlugin = require('esbuild-plugin-pino')

build({
  entryPoints: { app: 'app.js' },
  outdir: '../built-by-esbuild',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  logLevel: 'error',
  plugins: [pinoPlugin({ transports: ['otel-log-bridge/pino', 'otel-log-bridge/worker'] })],
})
