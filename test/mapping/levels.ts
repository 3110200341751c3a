// What becomes of a level: the tests run on this table, and docs/mapping.md shows it.

import winston from 'winston'

export interface LevelTable {
  readonly logger: 'pino' | 'winston'
  /** As the logger's own options have them; pino's standard ones where undefined. */
  readonly levels: Readonly<Record<string, number>> | undefined
  readonly useOnlyCustomLevels?: boolean
  /** The option `severities`. */
  readonly severities?: Readonly<Record<string, number>>
  /** Severity number by level name; the severity text is that name. */
  readonly becomes: Readonly<Record<string, number>>
}

const { npm, syslog, cli } = winston.config

export const levels: Readonly<Record<string, LevelTable>> = {
  'pino’s own': {
    logger: 'pino',
    levels: undefined,
    becomes: { trace: 1, debug: 5, info: 9, warn: 13, error: 17, fatal: 21 },
  },
  'pino’s own and custom ones': {
    logger: 'pino',
    levels: { silly: 5, verbose: 15, notice: 35, audit: 45, panic: 70 },
    becomes: { silly: 1, verbose: 6, info: 9, notice: 10, audit: 15, fatal: 21, panic: 24 },
  },
  'pino with useOnlyCustomLevels': {
    logger: 'pino',
    levels: { low: 20, middle: 30, high: 50 },
    useOnlyCustomLevels: true,
    becomes: { low: 5, middle: 9, high: 17 },
  },
  'pino with the option severities': {
    logger: 'pino',
    levels: { audit: 35 },
    severities: { audit: 12, info: 10 },
    becomes: { audit: 12, info: 10, warn: 13 },
  },
  'winston’s npm levels': {
    logger: 'winston',
    levels: npm.levels,
    becomes: { silly: 1, debug: 5, verbose: 6, http: 7, info: 9, warn: 13, error: 17 },
  },
  'winston’s syslog levels': {
    logger: 'winston',
    levels: syslog.levels,
    becomes: { debug: 5, info: 9, notice: 10, warning: 13, error: 17, crit: 18, alert: 19, emerg: 21 },
  },
  'winston’s cli levels': {
    logger: 'winston',
    levels: cli.levels,
    becomes: {
      silly: 1,
      input: 2,
      verbose: 3,
      prompt: 4,
      debug: 5,
      info: 9,
      data: 10,
      help: 11,
      warn: 13,
      error: 17,
    },
  },
  'winston with levels of the app': {
    logger: 'winston',
    levels: { panic: 0, error: 1, hint: 2, info: 3, chatter: 4 },
    becomes: { chatter: 5, info: 9, hint: 13, error: 17, panic: 21 },
  },
  'winston with the option severities': {
    logger: 'winston',
    levels: npm.levels,
    severities: { silly: 4, http: 9 },
    becomes: { silly: 4, debug: 5, http: 9, info: 9 },
  },
}
