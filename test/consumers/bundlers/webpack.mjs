// What stands in node_modules is not there where the bundle runs.

import { resolve } from 'node:path'
import { PinoWebpackPlugin } from 'pino-webpack-plugin'
import webpack from 'webpack'

const compiler = webpack({
  mode: 'production',
  target: 'node',
  entry: { app: './app.js' },
  output: { path: resolve('../built-by-webpack') },
  plugins: [new PinoWebpackPlugin({ transports: ['otel-log-bridge/pino', 'otel-log-bridge/worker'] })],
})
compiler.run((error, stats) => {
  if (error || stats.hasErrors()) {
    console.error(error ?? stats.toString())
    process.exitCode = 1
  }
})
