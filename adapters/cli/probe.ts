// A record that says that it is a probe, sent through the pipeline that every form with a thread has.

import { ROOT_CONTEXT } from '@opentelemetry/api'
import type { InternalLogEntry } from '../../src/internal-logger.ts'
import { adviceFor } from '../../src/pipeline/advice.ts'
import { createOwnedPipeline, type ExportOptions } from '../../src/pipeline/owned-pipeline.ts'
import type { LogRecord } from '../../src/provider.ts'
import { hrTimeOfMillis } from '../../src/time.ts'
import { version } from '../../src/version.ts'
import { type Check, fail, LATE, ok, warn, within } from './check.ts'
import type { InternalLog } from './internal-log.ts'

const PROBE_MS = 6000
const INFO = 9
export const PROBE_SCOPE = 'otel-log-bridge doctor'

/** @param through is told to whoever finds the record in a backend. */
export function probeRecord(through: string): LogRecord {
  const now = hrTimeOfMillis(Date.now())
  return {
    timestamp: now,
    observedTimestamp: now,
    severityNumber: INFO,
    severityText: 'INFO',
    body: `a probe of otel-log-bridge doctor, through ${through}`,
    attributes: { 'otel.log_bridge.probe': true },
    context: ROOT_CONTEXT,
  }
}

/** An answer of the collector that is no plain yes. */
const ANSWERS = ['retry', 'rejected', 'not-exporting']

export async function pipelineProbe(options: ExportOptions, env: NodeJS.ProcessEnv, log: InternalLog): Promise<Check> {
  const since = log.entries.length
  const told = () => log.entries.slice(since).find(({ kind }) => ANSWERS.includes(kind))
  const pipeline = await createOwnedPipeline(options, env)
  try {
    const answered = log.next(({ kind }) => ANSWERS.includes(kind))
    const logger = pipeline.provider.getLogger(PROBE_SCOPE, version)
    logger.emit(probeRecord('its own pipeline'))
    const outcome = await within(PROBE_MS, Promise.race([pipeline.flush(PROBE_MS), answered]))
    const entry = told()
    if (entry !== undefined) return fail('probe', ...answerIn(entry))
    if (outcome === LATE || pipeline.result().delivered === 0) {
      return fail('probe', `no answer within ${PROBE_MS} ms`, 'look at the collector: it is there, and does not answer')
    }
    const warning = log.entries.slice(since).find(({ kind }) => kind === 'collector-warning')
    if (warning !== undefined) return warn('probe', warning.message, 'it is the collector that says so')
    return ok('probe', `the collector has accepted a record of the scope '${PROBE_SCOPE}': look for it in your backend`)
  } finally {
    void pipeline.close(0)
  }
}

/** The internal logger says how many records it is about, and what to do: here each has a place of its own. */
function answerIn({ message }: InternalLogEntry): [message: string, fix: string | undefined] {
  const reason = message.replace(/^.*? (?:dropped|in \d+ ms|exported): /, '')
  const fix = adviceFor(reason)
  return [fix === undefined ? reason : reason.replace(`; ${fix}`, ''), fix]
}
