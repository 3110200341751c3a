// Compiles app.ts strictly, the declarations of its packages included, as part of a package of the given type.

import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'

const [name, type, module, moduleResolution, compiler = 'typescript'] = process.argv.slice(2)
const folder = `out/${name}`
mkdirSync(folder, { recursive: true })
copyFileSync('src/app.ts', `${folder}/app.ts`)
writeFileSync(`${folder}/package.json`, JSON.stringify({ type }))
const checks = { strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false }
const compilerOptions = {
  target: 'es2022',
  module,
  moduleResolution,
  esModuleInterop: true,
  types: ['node'],
  ...checks,
}
writeFileSync(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions, files: ['app.ts'] }))
execFileSync(process.execPath, [`node_modules/${compiler}/bin/tsc`, '-p', folder], { stdio: 'inherit' })
