// A shop that answers what an order costs. It logs as every NestJS app does, with the Logger of @nestjs/common, and each
// line carries the trace of the request that it was logged in.

import { setTimeout as sleep } from 'node:timers/promises'
import { Controller, Get, Injectable, Logger, Module, Param, ParseIntPipe } from '@nestjs/common'
import { LoggerModule } from 'nestjs-pino'
import { createPinoTransport } from 'otel-log-bridge/pino'

@Injectable()
export class Prices {
  readonly #logger = new Logger(Prices.name)

  async of(order: number): Promise<number> {
    await sleep(2)
    this.#logger.log({ order }, 'price calculated')
    return 5 + (order % 40)
  }
}

@Controller('orders')
export class Orders {
  readonly #logger = new Logger(Orders.name)
  readonly #prices: Prices

  constructor(prices: Prices) {
    this.#prices = prices
  }

  @Get(':order')
  async find(@Param('order', ParseIntPipe) order: number): Promise<{ order: number; price: number }> {
    this.#logger.log({ order }, 'order requested')
    await sleep(3) // as the database would take
    this.#logger.log({ order }, 'order found')
    return { order, price: await this.#prices.of(order) }
  }
}

@Module({
  imports: [LoggerModule.forRoot({ pinoHttp: [{ name: 'shop' }, createPinoTransport()] })],
  controllers: [Orders],
  providers: [Prices],
})
export class Shop {}
