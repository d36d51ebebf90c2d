import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'vite'

/** Empties the directory of the build before it is written, except one file. */
export function empty(keep: string): Plugin {
  let outDir = 'dist'
  return {
    name: 'leat:empty',
    apply: 'build',
    configResolved(config) {
      outDir = config.build.outDir
    },
    buildStart() {
      if (!existsSync(outDir)) return
      for (const name of readdirSync(outDir)) if (name !== keep) rmSync(join(outDir, name), { recursive: true })
    },
  }
}
