'use strict'

const methods = ['get', 'post', 'put', 'patch', 'delete']
let spec

function el(name, attributes = {}, ...children) {
  const node = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value)
  node.append(...children)
  return node
}

function resolve(schema) {
  if (!schema?.$ref) return schema
  return spec.components.schemas[schema.$ref.split('/').pop()]
}

function typeName(schema) {
  if (!schema) return ''
  if (schema.$ref) return schema.$ref.split('/').pop()
  const type = [schema.type].flat().filter(Boolean).join(' or ') || 'any'
  if (schema.enum) return schema.enum.map((v) => JSON.stringify(v)).join(' | ')
  if (type.startsWith('array')) return 'list of ' + (typeName(schema.items) || 'any')
  return schema.format ? `${type} (${schema.format})` : type
}

// fields lists an object's fields, those of objects inside it indented below.
function fields(schema, prefix = '', depth = 0) {
  const object = resolve(schema)
  const inner = object?.type === 'array' ? resolve(object.items) : object
  if (!inner?.properties || depth > 3) return []
  return Object.entries(inner.properties).flatMap(([name, field]) => {
    const row = el('tr', {}, el('td', {}, prefix + name), el('td', {}, typeName(field)),
      el('td', { class: 'quiet' }, (inner.required ?? []).includes(name) ? 'always' : 'optional'), el('td', {}, field.description ?? ''))
    const below = field.$ref ? field : field.items?.$ref ? field.items : null
    return [row, ...(below ? fields(below, prefix + name + (field.items ? '[].' : '.'), depth + 1) : [])]
  })
}

function table(title, rows) {
  return rows.length ? [el('h3', {}, title), el('table', {}, el('tbody', {}, ...rows))] : []
}

function content(title, of) {
  return Object.entries(of?.content ?? {}).flatMap(([kind, media]) => {
    const rows = fields(media.schema)
    const heading = `${title}: ${kind}${media.schema?.$ref ? ', ' + typeName(media.schema) : ''}`
    return rows.length ? table(heading, rows) : [el('h3', {}, heading)]
  })
}

function operation(path, method, op) {
  const body = el('div')
  const details = el('details', { id: op.operationId },
    el('summary', {}, el('b', {}, method.toUpperCase()), el('code', {}, path), el('span', {}, op.summary ?? '')), body)
  details.addEventListener('toggle', () => {
    if (!details.open || body.childElementCount) return
    const parameters = (op.parameters ?? []).map((p) => el('tr', {}, el('td', {}, p.name),
      el('td', {}, typeName(p.schema)), el('td', { class: 'quiet' }, p.in), el('td', {}, p.description ?? p.schema?.description ?? '')))
    body.append(el('p', { class: 'quiet' }, `Needs ${op['x-permission']}`), ...table('Parameters', parameters), ...content('Body', op.requestBody),
      ...Object.entries(op.responses ?? {}).filter(([status]) => status !== 'default').flatMap(([status, response]) => content(`Answers ${status}`, response)))
  })
  return details
}

async function show() {
  const main = document.getElementById('reference')
  const answer = await fetch('/api/v1/openapi.json')
  if (!answer.ok) throw new Error(`The document could not be read (${answer.status}).`)
  spec = await answer.json()
  const nouns = new Map()
  for (const [path, item] of Object.entries(spec.paths)) {
    for (const method of methods) {
      if (!item[method]) continue
      const noun = item[method].tags?.[0] ?? 'other'
      if (!nouns.has(noun)) nouns.set(noun, [])
      nouns.get(noun).push(operation(spec.servers[0].url + path, method, item[method]))
    }
  }
  const sorted = [...nouns].sort(([a], [b]) => a.localeCompare(b))
  main.replaceChildren(el('p', {}, spec.info.description), ...sorted.flatMap(([noun, list]) => [el('h2', { id: 'noun-' + noun }, noun), ...list]))
  document.getElementById('nouns').replaceChildren(...sorted.map(([noun]) => el('li', {}, el('a', { href: '#noun-' + noun }, noun))))
  main.setAttribute('aria-busy', 'false')
  const wanted = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)))
  if (wanted) { wanted.open = true; wanted.scrollIntoView() }
}

show().catch((error) => document.getElementById('reference').replaceChildren(el('p', { role: 'alert' }, error.message)))
