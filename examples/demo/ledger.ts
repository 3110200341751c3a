// What the service logged, written down beside it, to be compared with what arrived.

import type { Span } from '@opentelemetry/api'
import type { ReceivedRecord } from './receiver.ts'

/** What became of one logger's records. */
export interface Account {
  readonly logger: string
  readonly logged: number
  /** Log lines of which a record arrived. */
  readonly arrived: number
  /** Records beyond the first of their line. */
  readonly repeated: number
  /** First records whose trace and span are those of the request that logged them. */
  readonly right: number
  /** First records with another trace or span. */
  readonly wrong: number
  /** First records with none. */
  readonly missing: number
}

interface Line {
  readonly logger: string
  readonly traceId: string
  readonly spanId: string
}

export class Ledger {
  readonly #lines: Line[] = []

  /** Fields for one log line: a number to know it again by. The trace stays here, it must come by itself. */
  line(logger: string, span: Span): { line: number } {
    const { traceId, spanId } = span.spanContext()
    this.#lines.push({ logger, traceId, spanId })
    return { line: this.#lines.length - 1 }
  }

  accountOf(logger: string, records: readonly ReceivedRecord[]): Account {
    const account = { logger, logged: 0, arrived: 0, repeated: 0, right: 0, wrong: 0, missing: 0 }
    account.logged = this.#lines.filter((line) => line.logger === logger).length
    const arrived = new Set<Line>()
    for (const record of records) {
      const line = this.#lineOf(record)
      if (line?.logger !== logger) continue
      if (arrived.has(line)) {
        account.repeated++
        continue
      }
      arrived.add(line)
      account[traceOf(record, line)]++
    }
    account.arrived = arrived.size
    return account
  }

  /** Records that the service did not log, or not with the logger that they came from. */
  strangers(records: readonly ReceivedRecord[]): readonly ReceivedRecord[] {
    return records.filter((record) => this.#lineOf(record)?.logger !== record.scope)
  }

  #lineOf({ attributes }: ReceivedRecord): Line | undefined {
    return typeof attributes.line === 'number' ? this.#lines[attributes.line] : undefined
  }
}

function traceOf(record: ReceivedRecord, line: Line): 'right' | 'wrong' | 'missing' {
  if (record.traceId === '' || record.spanId === '') return 'missing'
  return record.traceId === line.traceId && record.spanId === line.spanId ? 'right' : 'wrong'
}
