// The thread's end of WorkerLoggerProvider: each line is a record that is cleaned already.

import type { Writable } from 'node:stream'
import { ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { internalLog, reasonOf } from '../internal-logger.ts'
import type { Logger, LogRecord } from '../provider.ts'
import { Funnel } from '../stats.ts'
import { LineTarget, takeText } from './line-target.ts'
import { createOwnedPipeline, type ExportOptions } from './owned-pipeline.ts'
import { type RecordLine, unpackRecord } from './record-line.ts'

/** What thread-stream runs. */
export default async function recordTarget(options: ExportOptions): Promise<Writable> {
  const pipeline = await createOwnedPipeline(options)
  const funnel = new Funnel()
  const loggers = new Map<string, Logger>()

  function loggerOf({ name, version, schemaUrl }: RecordLine['scope']): Logger {
    const key = JSON.stringify([name, version, schemaUrl])
    let logger = loggers.get(key)
    if (logger === undefined) {
      logger = pipeline.provider.getLogger(name, version, schemaUrl === undefined ? undefined : { schemaUrl })
      loggers.set(key, logger)
    }
    return logger
  }

  function takeLine(line: string): void {
    funnel.arrive()
    try {
      const { scope, span, ...record } = unpackRecord(line)
      const context =
        span === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { ...span, isRemote: true })
      const logger = loggerOf(scope)
      if (logger.enabled?.({ context, severityNumber: record.severityNumber }) === false) {
        funnel.drop('disabled')
        return
      }
      logger.emit({ ...record, context } as LogRecord)
      funnel.emitted()
    } catch (error) {
      funnel.drop('failed')
      internalLog('error', 'record-failed', `a record could not be exported: ${reasonOf(error)}`)
    }
  }

  return new LineTarget(funnel, pipeline, takeText(takeLine))
}
