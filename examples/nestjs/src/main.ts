// Starts the app with pino in the place of NestJS's own logger: `bufferLogs` keeps what is said before that.

import 'reflect-metadata'
import { NestFactory } from '@nestjs/core'
import { Logger } from 'nestjs-pino'
import { Shop } from './orders.js'
import { sdk } from './telemetry.js'

const app = await NestFactory.create(Shop, { bufferLogs: true })
app.useLogger(app.get(Logger))

// What the logger holds is sent when the process ends; the spans are the SDK's.
process.once('SIGTERM', async () => {
  await app.close()
  await sdk.shutdown()
})

await app.listen(process.env.PORT ?? 3000)
