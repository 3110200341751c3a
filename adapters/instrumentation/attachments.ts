// What all copies of the package share about attaching without code: a preload runs one of them, an app may have another,
// and no logger is to be attached by both.

import { internalLog, reasonOf } from '../../src/internal-logger.ts'
import { processState } from '../../src/process-state.ts'

/** One instrumentation that is enabled: attaches the loggers that it is offered, where nobody has yet. */
export interface Attachment {
  /** @param stream is the symbol by which the logger keeps its destination. */
  pino(logger: object, stream: symbol): void
  winston(logger: object): void
}

/** What became of the place where a copy of a package makes its loggers: 'unknown' is one that is not as it is known. */
export type Patching = 'patched' | 'already' | 'unknown'

/** Takes a logger's attachment off. Held with the logger, and no longer. */
export interface Handle {
  detach(): void
}

interface AttachmentState {
  /** The newest first: what the app makes itself has been told more than what a preload made. */
  attachments: readonly Attachment[]
  /** Prototypes and classes whose loggers are offered. */
  readonly patched: WeakSet<object>
  /** What stands in pino loggers that are attached for their destination. */
  readonly tees: WeakMap<object, Handle>
  /** Streams to pino's transports, with whether one of them is ours. */
  readonly threads: WeakMap<object, boolean>
  /** winston loggers that are attached. */
  readonly winston: WeakMap<object, Handle>
}

export const state = processState('instrumentation', (): AttachmentState => {
  return {
    attachments: [],
    patched: new WeakSet(),
    tees: new WeakMap(),
    threads: new WeakMap(),
    winston: new WeakMap(),
  }
})

export function addAttachment(attachment: Attachment): void {
  if (!state.attachments.includes(attachment)) state.attachments = [attachment, ...state.attachments]
}

export function removeAttachment(attachment: Attachment): void {
  state.attachments = state.attachments.filter((other) => other !== attachment)
}

/** Never throws: a logger that cannot be attached is as it would be without us. */
export function offerLogger(attach: (attachment: Attachment) => void): void {
  try {
    for (const attachment of state.attachments) attach(attachment)
  } catch (error) {
    internalLog('error', 'not-attached', `a logger could not be attached: ${reasonOf(error)}`)
  }
}
