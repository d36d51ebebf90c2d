// Measures what a browser loads, compressed, before the first page is there, and fails above the limit.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

const limit = 300 * 1024
const assets = 'dist/assets'
const files = readdirSync(assets)
const text = (name) => readFileSync(join(assets, name), 'utf8')
const loads = (name) => [...text(name).matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g)].map((m) => m[1])
const size = (name) => statSync(join(assets, files.includes(`${name}.br`) ? `${name}.br` : name)).size

const html = readFileSync('dist/index.html', 'utf8')
const entries = [...html.matchAll(/\/assets\/([^"]+\.js)/g)].map((m) => m[1])
const sheets = [...html.matchAll(/\/assets\/([^"]+\.css)/g)].map((m) => m[1])
const font = files.find((f) => /^inter-latin-wght.*\.woff2$/.test(f))

/** Everything that a page's chunks load before they run. */
function page(...names) {
  const seen = new Set()
  const open = [...entries, ...files.filter((f) => names.some((n) => new RegExp(`^${n}-[\\w-]{8}\\.js$`).test(f)))]
  while (open.length > 0) {
    const name = open.pop()
    if (seen.has(name)) continue
    seen.add(name)
    open.push(...loads(name))
  }
  return [...seen, ...sheets, font]
}

let failed = false
for (const [name, chunks] of [['sign in', ['SignIn']], ['home', ['Shell', 'Home']]]) {
  const all = page(...chunks)
  const sum = all.reduce((total, file) => total + size(file), 0) + statSync('dist/index.html.br').size + statSync('dist/theme.js.br').size
  failed ||= sum > limit
  console.log(`${name.padEnd(8)} ${(sum / 1024).toFixed(1).padStart(6)} KiB in ${all.length + 2} files${sum > limit ? `  above the limit of ${limit / 1024} KiB` : ''}`)
}
process.exitCode = failed ? 1 : 0
