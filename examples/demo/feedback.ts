// Runs the feedback app under each transport, in processes that can be stopped.

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Records that the app itself logs. */
export const APP_RECORDS = 3
/** Where an app that loops is stopped: records that the SDK was handed, and ms. */
export const MAX_RECORDS = 20_000
export const MAX_TIME_MS = 2000

const APP = fileURLToPath(new URL('./feedback-app.ts', import.meta.url))
const KILL_AFTER_MS = 10_000

export type FeedbackTransport = 'contrib' | 'ours'
export type Trouble = 'date' | 'outage'

/** What the feedback app counted. */
export interface FeedbackReport {
  /** Log calls that the app made. */
  readonly logged: number
  /** Log calls that came back. */
  readonly returned: number
  /** Records handed to the SDK. */
  readonly bridged: number
  /** Lines that the logger's other destination got. */
  readonly printed: number
  /** Whether records were still coming when it was stopped, long after the last that the app logged. */
  readonly looping: boolean
}

/** @throws Error if the app does not end by itself, at its cap, within 10 s. */
export async function runFeedbackApp(transport: FeedbackTransport, trouble: Trouble): Promise<FeedbackReport> {
  const run = promisify(execFile)
  const { stdout } = await run(process.execPath, [APP, transport, trouble], {
    timeout: KILL_AFTER_MS,
    killSignal: 'SIGKILL',
  })
  return JSON.parse(stdout) as FeedbackReport
}
