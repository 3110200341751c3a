// Where in the app's code a logger was called. What stands between that place and the bridge is told by the functions
// that the app called, not by the names of files: in a bundle all have the same.

// The whole of it: what test runners put in its place lacks the function that is read.
import Module from 'node:module'
import { fileURLToPath } from 'node:url'
import type { AnyValueMap } from './attributes.ts'

/** Functions by which the app may have called its logger, the likeliest first; others are passed over. */
export type Callers = readonly unknown[]

type Caller = (...args: never[]) => unknown

interface Position {
  /** A path, a URL, or what else V8 calls a script. */
  readonly file: string
  readonly line: number
  readonly column: number
}

/** Of the frames in front of a caller: a few may be a logger's, or Node's. */
const MAX_FRAMES = 8
const FOREIGN =
  /^node:|[\\/]node_modules[\\/](?:pino|winston|winston-transport|logform|readable-stream|otel-log-bridge)[\\/]/

/**
 * The `code.*` attributes of OTel's semantic conventions (https://opentelemetry.io/docs/specs/semconv/code/) for the call
 * of one of `callers` that is under way.
 *
 * @returns undefined where no code of the app's called any of them.
 */
export function codeAttributesOf(callers: Callers): AnyValueMap | undefined {
  for (const caller of callers) {
    if (typeof caller !== 'function') continue
    for (const frame of framesBefore(caller as Caller)) {
      const position = positionOf(frame)
      if (position !== undefined && !FOREIGN.test(position.file)) return attributesOf(frame, position)
    }
  }
  return undefined
}

/** The app's `prepareStackTrace` is passed over: it may do anything with frames, and is not called for this. */
function framesBefore(caller: Caller): readonly NodeJS.CallSite[] {
  const { stackTraceLimit, prepareStackTrace } = Error
  try {
    Error.stackTraceLimit = MAX_FRAMES
    Error.prepareStackTrace = (_error, frames) => frames
    const holder: { stack?: readonly NodeJS.CallSite[] } = {}
    Error.captureStackTrace(holder, caller)
    // V8 makes it when it is read.
    return holder.stack ?? []
  } finally {
    Error.stackTraceLimit = stackTraceLimit
    Error.prepareStackTrace = prepareStackTrace
  }
}

/** @returns undefined for code that is in no file: the engine's own, or that of an `eval`. */
function positionOf(frame: NodeJS.CallSite): Position | undefined {
  const file = frame.getScriptNameOrSourceURL()
  const line = frame.getLineNumber()
  const column = frame.getColumnNumber()
  if (!file || line === null || column === null) return undefined
  const entry = process.sourceMapsEnabled ? Module.findSourceMap(file)?.findEntry(line - 1, column - 1) : undefined
  // It is an empty object where the map says nothing.
  const { originalSource, originalLine, originalColumn } = (entry ?? {}) as Partial<Module.SourceMapping>
  if (originalSource === undefined || originalLine === undefined || originalColumn === undefined)
    return { file, line, column }
  return { file: originalSource, line: originalLine + 1, column: originalColumn + 1 }
}

function attributesOf(frame: NodeJS.CallSite, { file, line, column }: Position): AnyValueMap {
  const name = functionNameOf(frame)
  return {
    ...(name !== undefined && { 'code.function.name': name }),
    'code.file.path': pathOf(file),
    'code.line.number': line,
    'code.column.number': column,
  }
}

const MAX_KNOWN_FILES = 1000
/** Node takes longer to read a URL than V8 to tell the rest. */
const paths = new Map<string, string>()

function pathOf(file: string): string {
  let path = paths.get(file)
  if (path === undefined) {
    path = file.startsWith('file:') ? fileURLToPath(file) : file
    if (paths.size < MAX_KNOWN_FILES) paths.set(file, path)
  }
  return path
}

/** As a stack trace has it: with the class or object in front. */
function functionNameOf(frame: NodeJS.CallSite): string | undefined {
  const text = frame.toString()
  const end = text.lastIndexOf(` (${frame.getScriptNameOrSourceURL()}:`)
  if (end === -1) return undefined
  const name = text
    .slice(0, end)
    .replace(/^async /, '')
    .replace(/ \[as [^\]]*\]$/, '')
  // Code of a module, or a function without a name.
  return name.endsWith('<anonymous>') ? undefined : name
}
