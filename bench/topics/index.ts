// What is measured, by the word that the command line has for it. A contender's process loads its own topic alone:
// what the others import would be part of its memory.

import type { Topic } from '../case.ts'

export const topics: Readonly<Record<string, () => Promise<Topic>>> = {
  guard: async () => (await import('./guard.ts')).guard,
  pino: async () => (await import('./pino.ts')).pinoTopic,
  winston: async () => (await import('./winston.ts')).winstonTopic,
  floor: async () => (await import('./floor.ts')).floor,
  others: async () => (await import('./others.ts')).others,
  ladder: async () => (await import('./ladder.ts')).ladder,
  workers: async () => (await import('./workers.ts')).workers,
  scale: async () => (await import('./scale.ts')).scale,
}
