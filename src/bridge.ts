// The one place where scope, provider, cleaning and accounting meet: what is read from a logger goes in, an OTel log
// record comes out, or the reason why not is counted.

import type { Context } from '@opentelemetry/api'
import { type BridgeOptions, bridgeOptionChecks } from './bridge-options.ts'
import type { Callers } from './call-site.ts'
import { drops, tellDropped } from './channels.ts'
import { FLUSH_DEADLINE_MS, settlesWithin } from './deadline.ts'
import { suppressDiag } from './diag.ts'
import { type DropListener, dropListener } from './drop.ts'
import { emitRecord, flushProvider, isEnabled, loggerOf } from './emit.ts'
import { type Enrichment, enrichmentOf } from './enrichment.ts'
import { internalLog, reasonOf } from './internal-logger.ts'
import { type RecordLimits, resolveLimits } from './limits.ts'
import { observeStats } from './metrics.ts'
import { createNameMatcher } from './name-patterns.ts'
import { checkOptions } from './options.ts'
import { globalLoggerProvider, isProxyProvider, type Logger, type LoggerProvider, type LogRecord } from './provider.ts'
import { cleanRecord, type Facts, factsOf, NO_FACTS, type ReadRecord, type SourceRecord } from './record.ts'
import { startWaiting, stopWaiting, type Waiting } from './replay.ts'
import { currentScope, isNestedTooDeep, nesting, OPEN, type Scope } from './scope.ts'
import { type BridgeStats, type DropReason, Funnel } from './stats.ts'
import { heldBackBy } from './suppression.ts'

/** For authors of adapters to other loggers. */
export interface Bridge {
  /**
   * Bridges a record, or counts why not. Call it where the app calls its logger, not behind a stream: the scope that
   * stops feedback is the caller's. Never throws, never waits.
   */
  emit(record: SourceRecord): void
  /** Whether a record like this would be emitted now; lets an adapter skip reading it. Counts nothing. */
  enabled(facts?: Pick<SourceRecord, 'severityNumber' | 'loggerName' | 'context'>): boolean
  /** Emits what waits for a provider, if there is one, and flushes the provider. Never rejects. */
  flush(): Promise<void>
  /** Flushes, then lets go of everything. The provider is the app's and stays open. Idempotent, never rejects. */
  close(): Promise<void>
  /** What became of the records of this bridge. */
  stats(): BridgeStats
}

const DEFAULT_SCOPE_NAME = 'otel-log-bridge'
const DEFAULT_REPLAY_LIMIT = 1000

/**
 * Makes a bridge for a logger that has no adapter of its own.
 *
 * @throws TypeError for a wrong or unknown option.
 */
export function createBridge(options?: BridgeOptions): Bridge {
  return new RecordBridge('createBridge', options)
}

type Read<A, B> = (a: A, b: B) => ReadRecord | undefined
/** Emits what a record would be read from. @returns false where the Logger does not take it. */
type EmitUnread<A> = (logger: Logger, a: A, context: Context) => boolean

/** What became of a record. */
type Fate = 'emitted' | 'waiting' | DropReason

export class RecordBridge implements Bridge, Waiting {
  readonly #provider: LoggerProvider | undefined
  readonly scopeName: string | undefined
  readonly scopeVersion: string | undefined
  readonly schemaUrl: string | undefined
  readonly limits: RecordLimits
  readonly enrichment: Enrichment | undefined
  readonly #isIncluded: ((loggerName: string) => boolean) | undefined
  readonly #isExcluded: ((loggerName: string) => boolean) | undefined
  readonly #replayLimit: number
  readonly #honorSuppressTracing: boolean
  readonly #funnel = new Funnel()
  readonly #drops: DropListener | undefined

  #currentProvider: LoggerProvider | undefined
  /** The current provider's, by logger name. */
  readonly #loggers = new Map<string | undefined, Logger>()
  readonly #waiting: { readonly loggerName: string | undefined; readonly record: LogRecord }[] = []
  #closing: Promise<void> | undefined

  /** @param owner names the caller in option errors. */
  constructor(owner: string, options?: BridgeOptions) {
    suppressDiag()
    const checked = checkOptions(owner, options, bridgeOptionChecks)
    const provider = checked.loggerProvider
    this.#provider = provider === undefined || isProxyProvider(provider) ? undefined : provider
    this.scopeName = checked.scopeName
    this.scopeVersion = checked.scopeVersion
    this.schemaUrl = checked.schemaUrl
    this.limits = resolveLimits(owner, checked.limits)
    this.enrichment = enrichmentOf(checked)
    this.#isIncluded = checked.include && createNameMatcher(checked.include)
    this.#isExcluded = checked.exclude && createNameMatcher(checked.exclude)
    this.#drops = dropListener(checked.onDrop)
    this.#replayLimit = checked.replayLimit ?? DEFAULT_REPLAY_LIMIT
    this.#honorSuppressTracing = checked.honorSuppressTracing ?? true
  }

  emit(record: SourceRecord): void {
    let facts: Facts = NO_FACTS
    // An accessor of the record is code of the app, which may log; too deep, nothing of the record is read.
    const isTooDeep = isNestedTooDeep(currentScope())
    const depth = nesting
    depth.reading++
    try {
      if (!isTooDeep) facts = factsOf(record)
    } catch {
      // A record that cannot be read fails where the rest of it is read.
    } finally {
      depth.reading--
    }
    const callers = this.enrichment?.addsCode === true ? [this.emit] : undefined
    this.read(facts.severityNumber, facts.loggerName, facts.context, readOnce, record, callers)
  }

  /**
   * What adapters call: `read(a, b)` makes the record, or undefined where the logger itself filters it out. It is not
   * called for a record that will not be emitted, nor where `emitUnread` has emitted what it would read, on a Logger of
   * our own alone: nothing of it is suppressed. The arguments before it must be known without running code of the app.
   */
  read<A, B>(
    severityNumber: number,
    loggerName: string | undefined,
    context: Context,
    read: Read<A, B>,
    a: A,
    b: B,
    emitUnread?: EmitUnread<A>,
  ): void {
    let scope: Scope
    try {
      scope = currentScope()
    } catch {
      // The stack is exhausted. What follows needs less of it than that call: had this not come first, the record would
      // be counted by half.
      return
    }
    // Counted in place: where the stack is exhausted a call would fail, and the numbers be wrong from then on. What other
    // modules export is read by a call, too, in some bundles.
    const { own, all } = this.#funnel
    own.seen++
    own.pending++
    all.seen++
    all.pending++
    let fate: Fate = 'failed'
    let failure: unknown
    try {
      fate = this.#bridge(scope, severityNumber, loggerName, context, read, a, b, emitUnread)
    } catch (error) {
      failure = error
    }
    if (fate !== 'waiting') {
      own.pending--
      all.pending--
      if (fate === 'emitted') {
        own.emitted++
        all.emitted++
      } else {
        own.dropped[fate]++
        all.dropped[fate]++
        if (drops.hasSubscribers) tellDropped(fate, 1)
      }
    }
    if (fate === 'failed') report('a record could not be bridged', failure)
    if (this.#drops === undefined || fate === 'emitted' || fate === 'waiting') return
    try {
      this.#drops.tell(fate, 1, loggerName, severityNumber)
    } catch {
      // The stack is exhausted.
    }
  }

  enabled(facts: Pick<SourceRecord, 'severityNumber' | 'loggerName' | 'context'> = {}): boolean {
    try {
      const scope = currentScope()
      const { severityNumber, loggerName, context } = factsOf(facts)
      if (this.#refusal(scope, loggerName, context) !== undefined) return false
      const logger = this.#logger(scope, loggerName)
      return logger === undefined || isEnabled(scope, logger, severityNumber, context)
    } catch {
      return false
    }
  }

  async flush(): Promise<void> {
    this.replay()
    const provider = this.#findProvider()
    if (provider === undefined) return
    const scope = currentScope()
    const flushed = (async () => flushProvider(scope, provider))().catch((error: unknown) => {
      internalLog('warn', 'flush-failed', `the LoggerProvider could not be flushed: ${reasonOf(error)}`)
    })
    if (await settlesWithin(FLUSH_DEADLINE_MS, flushed)) return
    internalLog('warn', 'flush-failed', `the LoggerProvider was not flushed within ${FLUSH_DEADLINE_MS} ms`)
  }

  close(): Promise<void> {
    this.#closing ??= this.flush().then(() => this.#letGo())
    return this.#closing
  }

  #letGo(): void {
    stopWaiting(this)
    this.#loggers.clear()
    const lost = this.#waiting.splice(0).length
    if (lost === 0) return
    this.#funnel.drop('overflow', lost)
    internalLog('warn', 'no-provider', `${lost} records were dropped at close: no LoggerProvider was registered`)
    this.#drops?.tell('overflow', lost)
  }

  stats(): BridgeStats {
    return this.#funnel.stats()
  }

  get waitingCount(): number {
    return this.#waiting.length
  }

  replay(): void {
    if (this.#waiting.length === 0 || this.#findProvider() === undefined) return
    stopWaiting(this)
    // What waits was not caused by the place that has found the provider.
    const scope = OPEN
    for (const { loggerName, record } of this.#waiting.splice(0)) {
      try {
        const logger = this.#logger(scope, loggerName)
        if (logger === undefined) {
          this.#wait(loggerName, record)
        } else if (isEnabled(scope, logger, record.severityNumber, record.context)) {
          emitRecord(scope, logger, record, this.limits)
          this.#funnel.emitted()
        } else {
          this.#dropWaiting('disabled', loggerName, record)
        }
      } catch (error) {
        report('a record could not be replayed', error)
        this.#dropWaiting('failed', loggerName, record)
      }
    }
  }

  #bridge<A, B>(
    scope: Scope,
    severityNumber: number,
    loggerName: string | undefined,
    context: Context,
    read: Read<A, B>,
    a: A,
    b: B,
    emitUnread: EmitUnread<A> | undefined,
  ): Fate {
    const refusal = this.#refusal(scope, loggerName, context)
    if (refusal !== undefined) return refusal
    const logger = this.#logger(scope, loggerName)
    if (logger !== undefined && !isEnabled(scope, logger, severityNumber, context)) return 'disabled'
    const { enrichment } = this
    if (emitUnread !== undefined && enrichment === undefined && logger !== undefined) {
      if (emitUnread(logger, a, context)) return 'emitted'
    }
    const observedMillis = Date.now()
    let record: LogRecord
    const depth = nesting
    depth.reading++
    try {
      const source = read(a, b)
      if (source === undefined) return 'filtered'
      const added = enrichment === undefined ? source.added : enrichment.attributesOf(context, source.callers)
      const takesBigInt = logger?.takesBigInt === true
      record = cleanRecord(source, severityNumber, context, observedMillis, this.limits, takesBigInt, added)
    } finally {
      depth.reading--
    }
    if (logger === undefined) {
      this.#wait(loggerName, record)
      return 'waiting'
    }
    emitRecord(scope, logger, record, this.limits)
    return 'emitted'
  }

  #findProvider(): LoggerProvider | undefined {
    return this.#provider ?? globalLoggerProvider()
  }

  /** @returns undefined while there is no provider. */
  #logger(scope: Scope, loggerName: string | undefined): Logger | undefined {
    const provider = this.#findProvider()
    if (provider !== this.#currentProvider) {
      this.#currentProvider = provider
      this.#loggers.clear()
    }
    observeStats()
    if (provider === undefined) return undefined
    if (this.#waiting.length > 0) this.replay()
    let logger = this.#loggers.get(loggerName)
    if (logger === undefined) {
      const scopeName = this.scopeName ?? (loggerName || DEFAULT_SCOPE_NAME)
      logger = loggerOf(scope, provider, { name: scopeName, version: this.scopeVersion, schemaUrl: this.schemaUrl })
      this.#loggers.set(loggerName, logger)
    }
    return logger
  }

  /** Why a record must stay behind, as far as its place and its logger's name tell. */
  #refusal(scope: Scope, loggerName: string | undefined, context: Context): DropReason | undefined {
    const heldBack = heldBackBy(scope, context, this.#honorSuppressTracing)
    if (heldBack !== undefined) return heldBack
    if (this.#isIncluded?.(loggerName ?? '') === false) return 'filtered'
    if (this.#isExcluded?.(loggerName ?? '') === true) return 'filtered'
    return this.#closing === undefined ? undefined : 'disabled'
  }

  #wait(loggerName: string | undefined, record: LogRecord): void {
    this.#waiting.push({ loggerName, record })
    const oldest = this.#waiting.length > this.#replayLimit ? this.#waiting.shift() : undefined
    if (this.#waiting.length > 0) startWaiting(this)
    if (oldest === undefined) return
    internalLog(
      'warn',
      'replay-overflow',
      `more than ${this.#replayLimit} records wait for a LoggerProvider: the oldest was dropped`,
    )
    this.#dropWaiting('overflow', oldest.loggerName, oldest.record)
  }

  #dropWaiting(reason: DropReason, loggerName: string | undefined, { severityNumber }: LogRecord): void {
    this.#funnel.drop(reason)
    this.#drops?.tell(reason, 1, loggerName, severityNumber)
  }
}

function report(what: string, error: unknown): void {
  try {
    internalLog('error', 'record-failed', `${what}: ${reasonOf(error)}`)
  } catch {
    // The stack is exhausted, and that is what the error says.
  }
}

/** A field of the record may be an accessor. Its severity is known. */
function readOnce(record: SourceRecord, callers: Callers | undefined): ReadRecord {
  const { severityText, timestamp, body, attributes, isTold, exception, eventName } = record
  return { severityText, timestamp, body, attributes, isTold, exception, eventName, callers }
}
