// The app's one logger: to the console, and through the bridge to the LoggerProvider that the app registers.

import { createPinoStream } from 'otel-log-bridge/pino'
import pino from 'pino'

export const logger = pino(
  { name: 'shop', base: null },
  pino.multistream([{ stream: process.stdout }, { stream: createPinoStream() }]),
)
