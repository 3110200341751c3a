// What one record may hold: from options, else from OTel's own environment variables.

import { numberFromEnvironment } from './environment.ts'
import { aCount, aLimit, checkOptions, definedOnly, type OptionChecks } from './options.ts'

/** What one record may hold. */
export interface RecordLimits {
  /**
   * Attributes of a record; further ones are dropped. Default: `OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT`, else
   * `OTEL_ATTRIBUTE_COUNT_LIMIT`, else 128.
   */
  readonly attributeCount: number
  /**
   * UTF-16 code units of a string, bytes of a byte array. Default: `OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT`, else
   * `OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT`, else no limit.
   */
  readonly attributeValueLength: number
  /** Levels of nesting in an attribute or body. Default 64. */
  readonly depth: number
  /** Approximate bytes of a whole record. Default 1 MiB. */
  readonly recordBytes: number
}

const checks: OptionChecks<RecordLimits> = {
  attributeCount: aLimit,
  attributeValueLength: aLimit,
  depth: aLimit,
  recordBytes: aLimit,
}

/**
 * @param owner whose option `limits` it is.
 * @throws TypeError for a wrong or unknown limit.
 */
export function resolveLimits(owner: string, limits: Partial<RecordLimits> | undefined): RecordLimits {
  const ofEnvironment = (name: string) => numberFromEnvironment([`OTEL_LOGRECORD_${name}`, `OTEL_${name}`], aCount)
  return {
    attributeCount: ofEnvironment('ATTRIBUTE_COUNT_LIMIT') ?? 128,
    attributeValueLength: ofEnvironment('ATTRIBUTE_VALUE_LENGTH_LIMIT') ?? Number.POSITIVE_INFINITY,
    depth: 64,
    recordBytes: 1024 * 1024,
    ...definedOnly(checkOptions<Partial<RecordLimits>>(`${owner}: option 'limits'`, limits, checks)),
  }
}
