// Loggers are chosen by their names: equal, by a glob, or by a regular expression.

import pino from 'pino'
import { beforeEach, describe, expect, test } from 'vitest'
import { createPinoStream } from '../../adapters/pino/index.ts'
import { type BridgeOptions, createBridge } from '../../src/index.ts'
import { TestExporter } from '../support/feedback.ts'
import { LoggerProvider, simpleProcessor } from '../support/otel.ts'

let exporter: TestExporter
let loggerProvider: LoggerProvider

beforeEach(() => {
  exporter = new TestExporter()
  loggerProvider = new LoggerProvider({ processors: [simpleProcessor(exporter)] })
})

/** Of `names`, those whose records are bridged. */
const ways: Record<string, (options: BridgeOptions, names: readonly string[]) => unknown[]> = {
  createBridge(options, names) {
    const bridge = createBridge({ loggerProvider, ...options })
    for (const name of names) {
      bridge.emit({ loggerName: name, body: name })
      expect(bridge.enabled({ loggerName: name }), name).toBe(exporter.bodies.at(-1) === name)
    }
    return exporter.bodies
  },
  createPinoStream(options, names) {
    const stream = createPinoStream({ loggerProvider, ...options })
    for (const name of names) pino({ name }, stream).info(name)
    return exporter.bodies
  },
}

describe.each(Object.entries(ways))('%s', (_way, bridged) => {
  test.each<[string, readonly (string | RegExp)[], string[]]>([
    ['a name', ['http'], ['http']],
    ['a name with a dot', ['http.server'], ['http.server']],
    ['a glob at the end', ['http*'], ['http', 'http.server', 'https']],
    ['a glob behind a dot', ['http.*'], ['http.server']],
    ['a glob at the start', ['*.server'], ['http.server']],
    ['a glob in the middle', ['h*p.s*r'], ['http.server']],
    ['several in one', ['*t**p*e*'], ['http.server']],
    ['one character', ['http?'], ['https']],
    ['one character beyond the first plane', ['go?'], ['go\u{1f680}']],
    ['characters that mean something elsewhere', ['a+b(*)[1]^$|\\'], ['a+b(c)[1]^$|\\']],
    ['a name with a line feed', ['two*lines'], ['two\nlines']],
    ['a regular expression', [/^http/], ['http', 'http.server', 'https']],
    ['one of many', ['go?', /s$/, 'http'], ['http', 'https', 'go\u{1f680}', 'two\nlines']],
    ['nothing', [], []],
  ])('include by %s', (_name, include, expected) => {
    const names = ['http', 'http.server', 'https', 'go\u{1f680}', 'a+b(c)[1]^$|\\', 'two\nlines', 'other']
    expect(bridged({ include }, names)).toEqual(expected)
  })

  test('exclude has the last word', () => {
    expect(bridged({ include: ['http*'], exclude: ['*.noise', 'https'] }, ['http', 'https', 'http.noise'])).toEqual([
      'http',
    ])
  })

  test.each(['g', 'y', 'gy', 'gi'])('an expression with the flags %s asks each name from its start', (flags) => {
    const expression = new RegExp('shop', flags)
    expression.lastIndex = 2
    expect(bridged({ include: [expression] }, ['shop', 'shop', 'shop.a', 'shop.b'])).toEqual([
      'shop',
      'shop',
      'shop.a',
      'shop.b',
    ])
    expect(expression.lastIndex).toBe(2)
  })
})

test('a name is matched once, however many records it has', () => {
  let asked = 0
  class Counting extends RegExp {
    override [Symbol.search](text: string): number {
      asked++
      return super[Symbol.search](text)
    }
  }
  const bridge = createBridge({ loggerProvider, include: [new Counting('^shop')] })
  for (let i = 0; i < 100; i++) {
    bridge.emit({ loggerName: 'shop', body: i })
    bridge.emit({ loggerName: 'other', body: i })
  }
  expect(exporter.bodies.length).toBe(100)
  expect(asked).toBe(2)
})

test('names without end are matched, too', () => {
  const bridge = createBridge({ loggerProvider, include: ['shop.*7'] })
  for (let i = 0; i < 2500; i++) bridge.emit({ loggerName: `shop.${i}`, body: i })
  expect(exporter.bodies.length).toBe(250)
})

test('a logger without a name has the empty one', () => {
  createBridge({ loggerProvider, include: [''] }).emit({ body: 'equal' })
  createBridge({ loggerProvider, include: ['*'] }).emit({ body: 'by a glob' })
  createBridge({ loggerProvider, include: ['?*'] }).emit({ body: 'no' })
  createBridge({ loggerProvider, exclude: [/^$/] }).emit({ body: 'no' })
  expect(exporter.bodies).toEqual(['equal', 'by a glob'])
})
