// Attaches the loggers of an app whose code names none of this: for `NodeSDK({ instrumentations })`, and for register.ts.

import {
  InstrumentationBase,
  type InstrumentationConfig,
  InstrumentationNodeModuleDefinition,
  InstrumentationNodeModuleFile,
} from '@opentelemetry/instrumentation'
import { type BridgeOptions, bridgeOptionChecks } from '../../src/bridge-options.ts'
import { aBoolean, checkOptions, type OptionChecks } from '../../src/options.ts'
import { globalLoggerProvider, isProxyProvider, type LoggerProvider } from '../../src/provider.ts'
import { version } from '../../src/version.ts'
import { addAttachment, removeAttachment, state } from './attachments.ts'
import { LoggerAttachment } from './logger-attachment.ts'
import { noteTargets } from './pino-logger.ts'
import { judgeFirstRecords, PACKAGES, patchCopy, takePreloaded } from './unattached.ts'

/** The options of every form of the bridge, and `enabled` (default true) of every instrumentation. */
export interface LogBridgeInstrumentationConfig extends BridgeOptions, InstrumentationConfig {}

const optionChecks: OptionChecks<LogBridgeInstrumentationConfig> = { ...bridgeOptionChecks, enabled: aBoolean }

/** What an instance has: the base class calls its methods before an heir's fields are there. */
interface Own {
  attachment: LoggerAttachment
  /** Those of earlier options, with the loggers that they have attached. */
  readonly earlier: LoggerAttachment[]
  endJudging: (() => void) | undefined
}

const owned = new WeakMap<LogBridgeInstrumentation, Own>()

/**
 * Attaches every pino (9 or newer) and winston (3.8 or newer) logger that is made from now on, beside its own
 * destinations. Make it before anything imports the logger. One that the app has attached itself is left to it.
 */
export class LogBridgeInstrumentation extends InstrumentationBase<LogBridgeInstrumentationConfig> {
  /** @throws TypeError for a wrong or unknown option. */
  constructor(config: LogBridgeInstrumentationConfig = {}) {
    super('otel-log-bridge', version, config)
  }

  /**
   * For loggers that are made from now on.
   *
   * @throws TypeError for a wrong or unknown option.
   */
  override setConfig(config: LogBridgeInstrumentationConfig = {}): void {
    const { enabled: _enabled, ...options } = checkOptions('LogBridgeInstrumentation', config, optionChecks)
    super.setConfig(config)
    attachWith(this, options)
  }

  /** What `registerInstrumentations({ loggerProvider })` was given, where the options name none. The global one is found. */
  override setLoggerProvider(loggerProvider: Parameters<InstrumentationBase['setLoggerProvider']>[0]): void {
    super.setLoggerProvider(loggerProvider)
    const { enabled: _enabled, ...options } = this.getConfig()
    const given = loggerProvider as LoggerProvider
    if (options.loggerProvider !== undefined || isProxyProvider(given) || given === globalLoggerProvider()) return
    attachWith(this, { ...options, loggerProvider: given })
  }

  override enable(): void {
    super.enable()
    const own = owned.get(this)
    if (own === undefined || state.attachments.includes(own.attachment)) return
    if (state.attachments.length === 0) own.endJudging = judgeFirstRecords()
    addAttachment(own.attachment)
    takePreloaded()
  }

  /** Attaches no more loggers, and leaves those that it has attached with their own destinations. */
  override disable(): void {
    super.disable()
    const own = owned.get(this)
    if (own === undefined) return
    own.endJudging?.()
    removeAttachment(own.attachment)
    for (const attachment of [...own.earlier.splice(0), own.attachment]) attachment.detach()
  }

  protected override init(): InstrumentationNodeModuleDefinition[] {
    // Files of a package are caught wherever it was imported from: pino and winston require them. So an app of ESM needs
    // no loader, and versions that are not supported are seen, too.
    const files = PACKAGES.map((found) => {
      const file = new InstrumentationNodeModuleFile(found.file, ANY_VERSION, patchWith(found), leave)
      return new InstrumentationNodeModuleDefinition(found.name, ANY_VERSION, undefined, undefined, [file])
    })
    return [...files, new InstrumentationNodeModuleDefinition('thread-stream', ANY_VERSION, noteTargets)]
  }
}

function attachWith(instrumentation: LogBridgeInstrumentation, options: BridgeOptions): void {
  const attachment = new LoggerAttachment(options)
  const own = owned.get(instrumentation)
  if (own === undefined) {
    owned.set(instrumentation, { attachment, earlier: [], endJudging: undefined })
    return
  }
  own.earlier.push(own.attachment)
  if (state.attachments.includes(own.attachment)) {
    removeAttachment(own.attachment)
    addAttachment(attachment)
  }
  own.attachment = attachment
}

const ANY_VERSION = ['*']

function patchWith(found: (typeof PACKAGES)[number]): (exports: unknown, version?: string) => unknown {
  return (exports, version) => {
    patchCopy(found, exports, version)
    return exports
  }
}

/** What is patched stays so, and offers its loggers to nobody. */
function leave(): void {}
