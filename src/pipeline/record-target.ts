// The thread's end of WorkerLoggerProvider: each line is a record that is cleaned already, or a logger's own line.

import type { Writable } from 'node:stream'
import { ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { internalLog, reasonOf } from '../internal-logger.ts'
import type { Logger, LogRecord } from '../provider.ts'
import { bridgeStats, Funnel } from '../stats.ts'
import { LineTarget, takeText } from './line-target.ts'
import { createOwnedPipeline, type ExportOptions } from './owned-pipeline.ts'
import { type RecordLine, unpackRecord } from './record-line.ts'
import { takeReadingWith } from './take-line.ts'

/** What thread-stream runs. */
export default async function recordTarget(options: ExportOptions): Promise<Writable> {
  const pipeline = await createOwnedPipeline(options)
  const funnel = new Funnel()
  const loggers = new Map<string, Logger>()

  let lastScope: RecordLine['scope'] = { name: '' }
  let lastLogger: Logger | undefined

  /** Records of one logger mostly follow each other. */
  function loggerOf(scope: RecordLine['scope']): Logger {
    const { name, version, schemaUrl } = scope
    const isLast = name === lastScope.name && version === lastScope.version && schemaUrl === lastScope.schemaUrl
    if (isLast && lastLogger !== undefined) return lastLogger
    const key = JSON.stringify([name, version, schemaUrl])
    let logger = loggers.get(key)
    if (logger === undefined) {
      logger = pipeline.provider.getLogger(name, version, schemaUrl === undefined ? undefined : { schemaUrl })
      loggers.set(key, logger)
    }
    lastScope = scope
    lastLogger = logger
    return logger
  }

  function takeRecord(line: string): void {
    funnel.arrive()
    try {
      const record = unpackRecord(line)
      const { scope, span, severityNumber } = record
      const context =
        span === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { ...span, isRemote: true })
      const logger = loggerOf(scope)
      if (logger.enabled?.({ context, severityNumber }) === false) {
        funnel.drop('disabled')
        return
      }
      // Key by key: to take two from it and copy the rest takes as long as a tenth of all that is done here.
      const emitted = {
        timestamp: record.timestamp,
        observedTimestamp: record.observedTimestamp,
        severityNumber,
        severityText: record.severityText,
        body: record.body,
        attributes: record.attributes,
        eventName: record.eventName,
        droppedAttributesCount: record.droppedAttributesCount,
        context,
      }
      logger.emit(emitted as LogRecord)
      funnel.emitted()
    } catch (error) {
      funnel.drop('failed')
      internalLog('error', 'record-failed', `a record could not be exported: ${reasonOf(error)}`)
    }
  }

  return new LineTarget({ stats: bridgeStats }, pipeline, takeReadingWith(pipeline, takeText(takeRecord)))
}
