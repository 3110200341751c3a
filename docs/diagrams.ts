// Draws the diagrams of these pages: `npm run docs`; `--check` says whether they are up to date.

import { readFileSync, writeFileSync } from 'node:fs'
import { arrow, type Box, box, drawing, heading, type Kind, type Point, stop, words } from './drawing.ts'

const WIDTH = 880

/** The way of a record through the bridge, from top to bottom; what is held back leaves it to the right. */
function flow(): string {
  const left = (y: number): Box => ({ x: 20, y, width: 350, height: 56 })
  const right = (y: number): Box => ({ x: 530, y, width: 300, height: 56 })
  const down = (y: number) => arrow([at(195, y), at(195, y + 40)], 'ours')
  const out = (y: number) => arrow([at(370, y), at(530, y)], 'lost')
  const edge = 856
  return drawing(
    'The way of a record',
    'a log call enters the bridge; what is caused by a log, or not wanted, is counted and held back; the rest is cleaned and emitted inside a scope',
    WIDTH,
    620,
    [
      box(left(50), 'app', ['your app', "logger.info({ orderId }, 'order placed')"]),
      box(right(50), 'app', ['SDK, exporter, diag, HTTP client', 'log with the same logger']),
      arrow([at(195, 106), at(195, 146)], 'app'),
      arrow([at(680, 106), at(680, 174), at(370, 174)], 'app'),
      box(left(146), 'ours', ['pino destination, winston transport', 'in the call itself, ahead of any stream']),
      down(202),
      box(left(242), 'ours', ['1. Is it caused by a log?', 'inside an emit, or where logs are suppressed']),
      out(270),
      words(at(450, 262), 'yes', 'words lost', 'middle'),
      box(right(242), 'lost', ['held back', 'counted: reentrant, suppressed']),
      words(at(207, 322), 'no', 'words ours'),
      down(298),
      box(left(338), 'ours', ['2. Is it wanted?', 'include, exclude, Logger.enabled()']),
      out(366),
      words(at(450, 358), 'no', 'words lost', 'middle'),
      box(right(338), 'lost', ['held back', 'counted: filtered, disabled']),
      words(at(207, 418), 'yes', 'words ours'),
      down(394),
      box(left(434), 'ours', ['read and clean the values', 'getters and toJSON are your code: they may log']),
      down(490),
      box(left(530), 'ours', ['Logger.emit, inside a scope', 'that all it starts inherits: promises, timers, sockets']),
      arrow([at(370, 558), at(530, 558)], 'ours'),
      box(right(530), 'app', ['your SDK, or the export thread', 'processor, exporter, collector']),
      arrow([at(830, 558), at(edge, 558), at(edge, 78), at(830, 78)], 'app', true),
      words(at(edge - 10, 506), 'what these log comes back to the logger', 'quiet', 'end'),
      words(at(20, 610), 'The logger’s other destinations get every record, held back or not.', 'quiet'),
    ],
  )
}

interface Form {
  readonly name: string
  readonly call: string
  /** What is done on the main thread, and by whom. */
  readonly main: readonly (readonly [Kind, string, string])[]
  /** The same for a thread. */
  readonly thread?: readonly [string, string]
}

const forms: readonly Form[] = [
  {
    name: 'in process',
    call: 'createPinoStream(), new OpenTelemetryTransport()',
    main: [
      ['ours', 'bridge', 'check, read, clean, emit'],
      ['app', 'your SDK', 'processor, exporter'],
    ],
  },
  {
    name: 'in process, own queue',
    call: 'new BufferedLogRecordProcessor()',
    main: [
      ['ours', 'bridge', 'check, read, clean, emit'],
      ['ours', 'processor', 'queue, retry; your exporter'],
    ],
  },
  {
    name: 'in process, sent from a thread',
    call: 'new WorkerLoggerProvider()',
    main: [['ours', 'bridge', 'check, read, clean']],
    thread: ['export thread', 'encode, queue, retry, send'],
  },
  {
    name: 'pino, worker',
    call: 'createPinoTransport()',
    main: [['ours', 'pino destination', 'check, take the span']],
    thread: ['export thread', 'read, clean, queue, send'],
  },
  {
    name: 'pino, plain target',
    call: "transport: { target: 'otel-log-bridge/pino' }",
    main: [['ours', 'otelMixin()', 'check, write the span down']],
    thread: ['pino’s thread', 'read, clean, queue, send'],
  },
]

/** Which thread does what: a row for each form, a lane for each thread. */
function threads(): string {
  const pitch = 92
  const top = 112
  const height = top + forms.length * pitch
  const lane = (x: number, width: number, title: string) => [
    `<rect class="lane" x="${x}" y="50" width="${width}" height="${height - 50}" rx="6"/>`,
    words(at(x + width / 2, 72), title, 'head', 'middle'),
  ]
  const collector: Box = { x: 764, y: 92, width: 86, height: height - 106 }
  const body = [
    ...lane(20, 460, 'main thread of the app'),
    ...lane(500, 230, 'a thread of its own'),
    ...lane(750, 114, 'elsewhere'),
    box(collector, 'app', ['collector']),
  ]
  for (const [i, { name, call, main, thread }] of forms.entries()) {
    const y = top + i * pitch
    const middle = y + 34
    body.push(heading(at(34, y), name, call))
    const [first, second] = main.map(([kind, title, text], j) => {
      const of: Box = { x: 34 + j * 226, y: y + 10, width: 206, height: 48 }
      body.push(box(of, kind, [title, text]))
      return of
    })
    if (first !== undefined && second !== undefined) body.push(between(first, second, middle))
    const from = second ?? first
    if (from === undefined) continue
    if (thread === undefined) {
      body.push(between(from, collector, middle))
    } else {
      const of: Box = { x: 512, y: y + 10, width: 206, height: 48 }
      body.push(box(of, 'ours', thread), between(from, of, middle), between(of, collector, middle))
    }
  }
  return drawing(
    'Which thread does what',
    'the five forms of the bridge, and what each does on the main thread and in a thread of its own',
    WIDTH,
    height + 20,
    body,
  )
}

/** From the right side of one box to the left side of another. */
function between(from: Box, to: Box, y: number): string {
  return arrow([at(from.x + from.width, y), at(to.x, y)], 'ours')
}

/** The feedback loop, where nothing stops it and where the scope does. */
function loop(): string {
  return drawing(
    'A log caused by a log',
    'without a guard the report of a failed export is a record, whose export fails, and so on without end; with the scope it is counted and not bridged',
    WIDTH,
    430,
    [...circle(20, false), ...circle(450, true)],
  )
}

function circle(x: number, isGuarded: boolean): string[] {
  const app: Box = { x: x + 10, y: 92, width: 110, height: 48 }
  const logger: Box = { x: x + 190, y: 92, width: 210, height: 48 }
  const bridge: Box = { x: x + 190, y: 196, width: 210, height: 48 }
  const sdk: Box = { x: x + 190, y: 300, width: 210, height: 48 }
  const complaint: Box = { x: x + 10, y: 300, width: 110, height: 48 }
  const kind: Kind = isGuarded ? 'app' : 'lost'
  const title = isGuarded ? 'with a scope around the emit' : 'without a guard'
  const isBack = isGuarded
    ? [
        arrow([at(x + 360, 140), at(x + 360, 186)], 'lost', true),
        stop(at(x + 360, 190)),
        words(at(x + 350, 162), 'inside an emit:', 'quiet', 'end'),
        words(at(x + 350, 178), 'counted', 'quiet', 'end'),
      ]
    : []
  return [
    words(at(x + 10, 70), title, 'head'),
    box(app, 'app', ['app', '3 records']),
    box(logger, 'app', ['logger', 'pino or winston']),
    box(bridge, isGuarded ? 'ours' : 'app', ['bridge', isGuarded ? 'Logger.emit in a scope' : 'Logger.emit']),
    box(sdk, 'app', ['SDK', 'the collector is down']),
    box(complaint, 'app', ['diag.error', 'says so']),
    arrow([at(x + 120, 116), at(x + 190, 116)]),
    arrow([at(x + (isGuarded ? 230 : 330), 140), at(x + (isGuarded ? 230 : 330), 196)], isGuarded ? 'ours' : 'lost'),
    arrow([at(x + 295, 244), at(x + 295, 300)], isGuarded ? 'ours' : 'lost'),
    arrow([at(x + 190, 324), at(x + 120, 324)], kind, isGuarded),
    arrow([at(x + 65, 300), at(x + 65, 160), at(x + 210, 160), at(x + 210, 140)], kind, isGuarded),
    ...isBack,
    words(
      at(x + 10, 384),
      isGuarded ? '3 records reach the SDK.' : 'Each failure is a record, whose export fails.',
      `words ${isGuarded ? 'ours' : 'lost'}`,
    ),
    words(
      at(x + 10, 404),
      isGuarded ? 'The reports reach the logger’s other destinations.' : '3 records become thousands, without end.',
      'quiet',
    ),
  ]
}

function at(x: number, y: number): Point {
  return [x, y]
}

const files = { 'flow.svg': flow(), 'threads.svg': threads(), 'loop.svg': loop() }

for (const [name, text] of Object.entries(files)) {
  const file = new URL(name, import.meta.url)
  if (!process.argv.includes('--check')) writeFileSync(file, text)
  else if (readFileSync(file, 'utf8') !== text) {
    process.stderr.write(`docs/${name} is not what its script makes: npm run docs\n`)
    process.exitCode = 1
  }
}
