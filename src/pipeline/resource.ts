// What the records are about: the service, from the same variables and options as in OTel's SDK
// (https://opentelemetry.io/docs/specs/otel/resource/sdk/).

import { basename } from 'node:path'
import { pairsOf } from '../environment.ts'
import { internalLog } from '../internal-logger.ts'
import { version } from '../version.ts'
import type { Resource } from './otlp-record.ts'

export interface ResourceOptions {
  /** `service.name`. Default: `OTEL_SERVICE_NAME`, else what `OTEL_RESOURCE_ATTRIBUTES` says. */
  readonly serviceName?: string
  /** Further attributes, besides those of `OTEL_RESOURCE_ATTRIBUTES`. */
  readonly resourceAttributes?: Resource
}

export function resourceOf({ serviceName, resourceAttributes }: ResourceOptions, env: NodeJS.ProcessEnv): Resource {
  const nameOfService = env.OTEL_SERVICE_NAME?.trim() ?? ''
  return {
    'service.name': `unknown_service:${basename(process.execPath)}`,
    // Of an SDK, and this is one of its own: the specification keeps the name 'opentelemetry' for OTel's.
    'telemetry.sdk.language': 'nodejs',
    'telemetry.sdk.name': 'otel-log-bridge',
    'telemetry.sdk.version': version,
    ...attributesOf(env.OTEL_RESOURCE_ATTRIBUTES),
    ...(nameOfService !== '' && { 'service.name': nameOfService }),
    ...resourceAttributes,
    ...(serviceName !== undefined && { 'service.name': serviceName }),
  }
}

/** As specified a wrong text is told and counts as none. */
function attributesOf(text = ''): Resource {
  try {
    const pairs = pairsOf(text)
    if (pairs !== undefined) return Object.fromEntries(pairs.map((pair) => pair.map(decodeURIComponent)))
  } catch {
    // Not encoded as it has to be.
  }
  const expected = 'expected key=value pairs with commas between them, percent-encoded'
  internalLog('error', 'resource-attributes', `OTEL_RESOURCE_ATTRIBUTES: ${expected}; none of it is used`)
  return {}
}
