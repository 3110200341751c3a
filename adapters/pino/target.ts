// The worker's end: a stream of pino's lines, exported by a pipeline of this thread's own.

import type { Writable } from 'node:stream'
import { parentPort, receiveMessageOnPort } from 'node:worker_threads'
import type { Context } from '@opentelemetry/api'
import { RecordBridge } from '../../src/bridge.ts'
import { type BridgeOptions, bridgeOptionChecks } from '../../src/bridge-options.ts'
import { DEFAULT_LAYOUT, type LineLayout } from '../../src/json-line.ts'
import { aString, checkOptions, definedOnly, isObject, type OptionChecks } from '../../src/options.ts'
import { LineTarget } from '../../src/pipeline/line-target.ts'
import { createOwnedPipeline, type ExportOptions, exportOptionChecks } from '../../src/pipeline/owned-pipeline.ts'
import { takeLineWith } from '../../src/pipeline/take-line.ts'
import { suppressLogs } from '../../src/suppression.ts'
import { isMarkedHeldBack } from './mixin.ts'

/** Options that only the thread of the log call can follow. */
type OptionsOfCall = 'loggerProvider' | 'baggage' | 'code' | 'onDrop'

/** Options of `pino({ transport: { target: 'otel-log-bridge/pino', options } })`. They cross to a thread: no functions. */
export interface PinoTargetOptions extends Omit<BridgeOptions, OptionsOfCall>, ExportOptions {
  /** The logger's `messageKey`. Default: what pino says it is, else `msg`. */
  readonly messageKey?: string
  /** The logger's `errorKey`. Default: what pino says it is, else `err`. */
  readonly errorKey?: string
  /** The logger's `nestedKey`, which pino does not tell its transports. */
  readonly nestedKey?: string
}

/** What pino and thread-stream add to a target's options. */
interface OptionsOfPino {
  readonly pinoWillSendConfig?: unknown
  readonly levels?: unknown
  readonly dedupe?: unknown
  readonly $context?: unknown
}

/** What `createPinoTransport` adds. */
export interface OptionsOfTransport {
  /** Whether what must not be bridged was held back where it was logged: no field of a record says so then. */
  readonly isJudged?: boolean
}

type Given = PinoTargetOptions & OptionsOfPino & OptionsOfTransport

const {
  loggerProvider: _provider,
  baggage: _baggage,
  code: _code,
  onDrop: _onDrop,
  ...sharedChecks
} = bridgeOptionChecks
const layoutChecks = { messageKey: aString, errorKey: aString, nestedKey: aString }
export const targetOptionChecks: OptionChecks<PinoTargetOptions> = {
  ...sharedChecks,
  ...exportOptionChecks,
  ...layoutChecks,
}

/**
 * Checks the options given to `owner`, on the main thread too: an error in the worker would come late and kill it.
 *
 * @throws TypeError for a wrong or unknown option.
 */
export function checkTargetOptions(owner: string, options: PinoTargetOptions | undefined): PinoTargetOptions {
  const checked = checkOptions(owner, options, targetOptionChecks)
  // The bridge checks what is inside its options.
  new RecordBridge(owner, bridgeOptionsOf(checked))
  return checked
}

/** The other options are for the export. */
function bridgeOptionsOf(options: PinoTargetOptions): BridgeOptions {
  const names = Object.keys(sharedChecks)
  return Object.fromEntries(Object.entries(options).filter(([name]) => names.includes(name)))
}

/** Where an option goes that the plain target cannot follow. */
const ELSEWHERE = {
  baggage: 'what is active is known where the app logs: give it to otelMixin() or to createPinoTransport()',
  code: 'the place is known where the app logs: give it to otelMixin() or to createPinoTransport()',
  onDrop: 'a function does not cross to the thread: createPinoTransport() takes it',
}

/** @throws TypeError for an option that another form has. */
function refuseOptionsOfCall(owner: string, options: object | undefined): void {
  for (const [name, reason] of Object.entries(ELSEWHERE)) {
    if (isObject(options) && options[name] !== undefined) {
      throw new TypeError(`${owner}: option '${name}' is none of this form, ${reason}`)
    }
  }
}

/**
 * pino's transport target. Not for calling: name it as `target`. Where an SDK package is missing, or a variable of the
 * environment wrong, it says so once and takes records without exporting them: the app goes on.
 *
 * @throws TypeError for a wrong or unknown option.
 */
export default async function pinoTarget(options?: Given): Promise<Writable> {
  const owner = 'otel-log-bridge/pino'
  refuseOptionsOfCall(owner, options)
  const given = checkTargetOptions(owner, withoutOptionsOfPino(options))
  const pipeline = await createOwnedPipeline(given)
  const bridge = new RecordBridge(owner, {
    ...bridgeOptionsOf(given),
    loggerProvider: pipeline.provider,
  })
  const { messageKey, errorKey, nestedKey, severities } = given
  const layout = new ConfiguredLayout(definedOnly({ messageKey, errorKey, nestedKey, severities }))
  const contextOf = options?.isJudged === true ? undefined : contextOfLine
  const takeLine = takeLineWith(bridge, pipeline, () => layout.current(), contextOf)
  const target = new LineTarget(bridge, pipeline, takeLine)
  target.once('close', () => {
    layout.close()
    void bridge.close()
  })
  return target
}

/** A record that the main thread marked keeps its fate. */
function contextOfLine(line: string, context: Context): Context {
  return isMarkedHeldBack(line) ? suppressLogs(context) : context
}

function withoutOptionsOfPino(options: Given | undefined): PinoTargetOptions | undefined {
  if (!isObject(options)) return options
  const { pinoWillSendConfig, levels, dedupe, $context, isJudged, ...given } = options
  return given
}

/** The layout of the lines, as far as pino tells its transports of it. */
class ConfiguredLayout {
  readonly #given: Partial<LineLayout>
  #layout: LineLayout
  #isConfigured = false

  /** @param given wins over what pino tells. */
  constructor(given: Partial<LineLayout>) {
    this.#given = given
    this.#layout = { ...DEFAULT_LAYOUT, ...given }
    parentPort?.on('message', this.#onMessage)
  }

  current(): LineLayout {
    if (!this.#isConfigured) this.#takeMessages()
    return this.#layout
  }

  close(): void {
    parentPort?.off('message', this.#onMessage)
  }

  /** pino posts its configuration before the first line, but on another way, which may be the slower one. */
  #takeMessages(): void {
    if (parentPort === null) return
    let received = receiveMessageOnPort(parentPort)
    while (received !== undefined) {
      parentPort.emit('message', received.message)
      received = receiveMessageOnPort(parentPort)
    }
  }

  readonly #onMessage = (message: unknown): void => {
    if (!isObject(message) || message.code !== 'PINO_CONFIG' || !isObject(message.config)) return
    this.#isConfigured = true
    const { levels, messageKey, errorKey } = message.config
    const labels = isObject(levels) && isObject(levels.labels) ? (levels.labels as Record<string, string>) : undefined
    this.#layout = {
      ...DEFAULT_LAYOUT,
      ...definedOnly({ labels, messageKey, errorKey }),
      ...this.#given,
    } as LineLayout
  }
}
