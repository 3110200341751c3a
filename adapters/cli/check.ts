// What a check of the doctor has found.

import { oneLine } from '../../src/internal-logger.ts'

export interface Check {
  readonly name: string
  readonly status: 'ok' | 'warn' | 'fail'
  /** What was seen. */
  readonly message: string
  /** What to do. */
  readonly fix?: string
}

export function ok(name: string, message: string): Check {
  return { name, status: 'ok', message: oneLine(message) }
}

export function warn(name: string, message: string, fix?: string): Check {
  return problem('warn', name, message, fix)
}

export function fail(name: string, message: string, fix?: string): Check {
  return problem('fail', name, message, fix)
}

function problem(status: Check['status'], name: string, message: string, fix: string | undefined): Check {
  return { name, status, message: oneLine(message), ...(fix !== undefined && { fix }) }
}

/** One line. */
export function textOfCheck({ name, status, message, fix }: Check): string {
  return `${status.padEnd(4)}  ${name}: ${message}${fix === undefined ? '' : ` -> ${fix}`}\n`
}

export const LATE = Symbol('late')

/** What `work` comes to within `ms`. What it does waits for nothing that would keep the process alive: the timer does. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T | typeof LATE> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<typeof LATE>((resolve) => {
    timer = setTimeout(resolve, ms, LATE)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
