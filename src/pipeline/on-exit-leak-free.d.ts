declare module 'on-exit-leak-free' {
  /** Calls `fn` with `target` at `process.exit`, unless `target` was collected or unregistered before. */
  export function register<T extends object>(target: T, fn: (target: T, event: string) => void): void
  /** Calls `fn` with `target` each time the event loop has run empty. */
  export function registerBeforeExit<T extends object>(target: T, fn: (target: T, event: string) => void): void
  export function unregister(target: object): void
}
