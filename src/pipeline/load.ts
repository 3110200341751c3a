// Packages that only some configurations need are optional peers: a missing one names itself.

import { reasonOf } from '../internal-logger.ts'

/** @throws Error that names the package and the command that installs it. */
export async function loadOptional<T>(name: string): Promise<T> {
  try {
    return (await import(name)) as T
  } catch (error) {
    throw new Error(`'${name}' could not be loaded; install it with: npm install ${name} (${reasonOf(error)})`)
  }
}
