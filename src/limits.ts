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
  /** Levels of nesting in an attribute or body; more than 256 count as 256. Default: `OTEL_LOG_BRIDGE_DEPTH_LIMIT`, else 64. */
  readonly depth: number
  /**
   * Approximate bytes of a whole record; each value leaves a quarter of what is left to those behind it. Default:
   * `OTEL_LOG_BRIDGE_RECORD_BYTES_LIMIT`, else 1 MiB.
   */
  readonly recordBytes: number
}

/** Where neither options nor the environment say otherwise. */
export const DEFAULT_LIMITS: RecordLimits = {
  attributeCount: 128,
  attributeValueLength: Number.POSITIVE_INFINITY,
  depth: 64,
  recordBytes: 1024 * 1024,
}

/** Cleaners, encoders and those of the receivers go down as many calls. */
const MAX_DEPTH = 256

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
  const resolved = {
    ...DEFAULT_LIMITS,
    ...definedOnly({
      attributeCount: fromOtel('ATTRIBUTE_COUNT_LIMIT'),
      attributeValueLength: fromOtel('ATTRIBUTE_VALUE_LENGTH_LIMIT'),
      depth: numberFromEnvironment(['OTEL_LOG_BRIDGE_DEPTH_LIMIT'], aLimit),
      recordBytes: numberFromEnvironment(['OTEL_LOG_BRIDGE_RECORD_BYTES_LIMIT'], aLimit),
    }),
    ...definedOnly(checkOptions<Partial<RecordLimits>>(`${owner}: option 'limits'`, limits, checks)),
  }
  return { ...resolved, depth: Math.min(resolved.depth, MAX_DEPTH) }
}

/** Whether what keeps `limits` keeps `others` too. */
export function isWithin(limits: RecordLimits, others: RecordLimits): boolean {
  return (
    limits.attributeCount <= others.attributeCount &&
    limits.attributeValueLength <= others.attributeValueLength &&
    limits.depth <= others.depth &&
    limits.recordBytes <= others.recordBytes
  )
}

/** What both generations of the SDK read. */
function fromOtel(name: string): number | undefined {
  return numberFromEnvironment([`OTEL_LOGRECORD_${name}`, `OTEL_${name}`], aCount)
}
