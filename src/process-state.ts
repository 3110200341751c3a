// One set of state for the whole process: the ESM build, the CJS build and duplicate copies of the package all
// meet here, or a record caused by one copy's emit would be bridged by another.

const slots: Record<string, unknown> = slotsOfProcess()

/** Returns the process's value for `slot`, made by the first copy of the package that asks. */
export function processState<T>(slot: string, create: () => T): T {
  slots[slot] ??= create()
  return slots[slot] as T
}

function slotsOfProcess(): Record<string, unknown> {
  const key = Symbol.for('otel-log-bridge')
  const holder = globalThis as unknown as Record<symbol, Record<string, unknown> | undefined>
  const existing = holder[key]
  if (existing !== undefined) return existing
  const created: Record<string, unknown> = Object.create(null)
  Object.defineProperty(globalThis, key, { value: created })
  return created
}
