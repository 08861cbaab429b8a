// The bench's page: what is on the table, looked at every second, and hands to move it. All that it can do, and every
// choice that it offers, is in /openapi.json.

const everyMS = 1000
const commands = [
  ['', 'any command'], ['A4', 'SELECT'], ['B0', 'READ BINARY'], ['88', 'KEY AGREE'], ['20', 'VERIFY'], ['24', 'CHANGE'], ['2C', 'UNBLOCK'],
  ['5C', 'BALANCE'], ['54', 'DEBIT'], ['56', 'UNDO'], ['58', 'QUERY'], ['52', 'LOAD'], ['B2', 'READ JOURNAL'], ['DA', 'RENEW'],
]
const keys = ['1', '2', '3', '4', '5', '6', '7', '8', '9', 'clear', '0', 'ok', 'cancel', 'timeout']
const typed = { Enter: 'ok', Escape: 'cancel', Backspace: 'clear' }

const said = document.getElementById('said')
const sections = new Map()
let schemas
let listed = ''

async function call(method, path, body) {
  const answer = await fetch(path, { method, body: body && JSON.stringify(body), headers: body ? { 'Content-Type': 'application/json' } : {} })
  if (answer.ok) return answer.status === 204 ? null : answer.json()
  const text = await answer.text()
  let problem
  try { problem = JSON.parse(text) } catch { problem = { detail: text } }
  throw new Error(problem.detail)
}

// act does one thing by hand, says what came of it, and looks again.
async function act(what, method, path, body) {
  try {
    const result = await call(method, path, body)
    say(result && result.sw ? `${what}: ${result.sw}` : what, false)
  } catch (e) {
    say(`${what}: ${e.message}`, true)
  }
  await look()
}

function say(text, refused) {
  said.textContent = text
  said.classList.toggle('refused', refused)
}

function option(value, text) {
  const o = document.createElement('option')
  o.value = value
  o.textContent = text ?? value
  return o
}

function choose(select, values, first) {
  select.replaceChildren(...(first === undefined ? [] : [option('', first)]), ...values.filter(v => v !== '').map(v => option(v)))
}

const property = (schema, field) => schemas[schema].properties[field]
const place = name => `/readers/${encodeURIComponent(name)}`

function addReader({ name, speed }) {
  const section = document.getElementById('reader').content.cloneNode(true).firstElementChild
  const find = selector => section.querySelector(selector)
  find('h3').textContent = name
  find('.move').addEventListener('submit', e => {
    e.preventDefault()
    const card = find('.move select').value
    if (e.submitter && e.submitter.value === 'remove') act(`Nothing is in ${name}`, 'DELETE', `${place(name)}/card`)
    else act(`${card} is in ${name}`, 'PUT', `${place(name)}/card`, { card })
  })
  find('.armed button').addEventListener('click', () => act(`No fault in ${name}`, 'DELETE', `${place(name)}/fault`))
  setUpPinpad(find('.pinpad'), name)
  setUpFault(find('.fault form'), name)
  setUpSpeed(find('.speed form'), name, speed)
  sections.set(name, section)
  return section
}

function setUpPinpad(pad, name) {
  const press = key => act(`${name}: ${/[0-9]/.test(key) ? 'a digit' : key}`, 'POST', `${place(name)}/keys`, { keys: [key] })
  pad.querySelector('.keys').append(...keys.map(key => {
    const b = document.createElement('button')
    b.type = 'button'
    b.textContent = key
    b.addEventListener('click', () => press(key))
    return b
  }))
  // With the focus on the keys, the keyboard types on them; Enter on a button is that button.
  pad.querySelector('.keys').addEventListener('keydown', e => {
    const key = /^[0-9]$/.test(e.key) ? e.key : typed[e.key]
    if (!key || e.key === 'Enter' && e.target.tagName === 'BUTTON') return
    e.preventDefault()
    press(key)
  })
  const cable = pad.querySelector('.cable')
  cable.addEventListener('click', () => {
    const out = cable.getAttribute('aria-pressed') !== 'true'
    cable.setAttribute('aria-pressed', out)
    cable.textContent = out ? 'Put the cable back' : 'Pull the cable'
    act(out ? `${name} is unplugged` : `${name} is plugged in`, 'PUT', `${place(name)}/cable`, { plugged: !out })
  })
}

function setUpFault(form, name) {
  const kinds = schemas.Fault['x-kinds']
  choose(form.elements.kind, property('Fault', 'kind').enum)
  form.elements.ins.replaceChildren(...commands.map(([ins, text]) => option(ins, text)))
  const kind = form.elements.kind
  const show = () => {
    form.querySelector('.does').textContent = kinds[kind.value].does + '.'
    form.querySelector('.fields').replaceChildren(...kinds[kind.value].fields.map(faultField))
    fillCards(form)
  }
  kind.addEventListener('change', show)
  show()
  form.addEventListener('submit', e => {
    e.preventDefault()
    const fault = {}
    for (const field of form.elements) {
      if (!field.name || field.type === 'checkbox' && !field.checked || field.value === '') continue
      fault[field.name] = field.type === 'checkbox' ? true : field.type === 'number' ? Number(field.value) : field.value
    }
    act(`${name} will have: ${fault.kind}`, 'PUT', `${place(name)}/fault`, fault)
  })
}

function faultField(field) {
  const about = property('Fault', field)
  const label = document.createElement('label')
  const input = document.createElement(about.enum || field === 'card' ? 'select' : 'input')
  input.name = field
  label.append(about.description ?? field, ' ', input)
  if (about.enum) choose(input, about.enum)
  else if (field === 'card') input.dataset.cards = ''
  else if (about.type === 'boolean') {
    input.type = 'checkbox'
    label.className = 'check'
    label.replaceChildren(input, about.description)
  } else {
    input.type = about.type === 'string' ? 'text' : 'number'
    if (about.pattern) input.pattern = about.pattern.slice(1, -1)
    if (about.minimum !== undefined) input.min = about.minimum
    input.required = field === 'write' || field === 'sw'
  }
  return label
}

function setUpSpeed(form, name, now) {
  choose(form.elements.card, property('Speed', 'card').enum, 'at once')
  choose(form.elements.link, property('Speed', 'link').enum, 'at once')
  form.elements.card.value = now.card ?? ''
  form.elements.link.value = now.link ?? ''
  form.elements.virtual.checked = now.virtual ?? false
  form.addEventListener('submit', e => {
    e.preventDefault()
    const { card, link, virtual } = form.elements
    act(`${name} has another speed`, 'PUT', `${place(name)}/speed`, { card: card.value, link: link.value, virtual: virtual.checked })
  })
}

function showReader(r) {
  const section = sections.get(r.name)
  const find = selector => section.querySelector(selector)
  find('.place').textContent = r.addr
  find('.holds').textContent = !r.card ? 'empty' : r.connected ? r.card : `${r.card}, waiting for the card service`
  const pad = find('.pinpad')
  pad.hidden = !r.pinpad
  if (r.pinpad) {
    pad.classList.toggle('asks', r.pinpad.asks)
    pad.querySelector('output').textContent = r.pinpad.asks ? `asks ${'*'.repeat(r.pinpad.stars)}` : 'rests'
  }
  find('.armed').hidden = !r.fault
  find('.armed strong').textContent = r.fault ? `Armed: ${describe(r.fault)}` : ''
  find('.speed output').textContent = [r.speed.card, r.speed.link].filter(Boolean).join(' over ') || 'at once'
  const m = r.metrics
  find('.metrics').textContent = `${m.commands} commands, ${m.bytes} bytes; card ${ms(m.card_us)}, link ${ms(m.link_us)}; the last one ${ms(m.last_us)}`
}

const ms = us => `${(us / 1000).toFixed(1)} ms`

function describe(fault) {
  const more = Object.entries(fault).filter(([field]) => field !== 'kind').map(([field, v]) => v === true ? field : `${field} ${v}`)
  return [fault.kind, ...more].join(', ')
}

function row(card, s) {
  const tr = document.createElement('tr')
  const pin = !s.personalised ? '' : !s.pin_set ? 'none' : s.pin_tries_left === 0 ? 'blocked' : `${s.pin_tries_left} tries`
  const state = [s.kind ?? (!s.personalised && 'blank'), s.terminated && 'terminated', s.interrupted_write && 'torn'].filter(Boolean).join(', ')
  for (const [text, figure] of [[card.name], [card.reader ?? ''], [s.balance, true], [s.ctr, true], [pin], [state]]) {
    const td = document.createElement('td')
    td.textContent = text
    if (figure) td.className = 'figure'
    tr.append(td)
  }
  return tr
}

// fillCards keeps what was chosen; it is only needed when the folder has changed or a choice is new.
function fillCards(within) {
  const names = listed ? listed.split('\n') : []
  for (const select of within.querySelectorAll('select[data-cards]')) {
    const before = select.value
    choose(select, names)
    if (names.includes(before)) select.value = before
  }
}

async function look() {
  const [readers, cards] = await Promise.all([call('GET', '/readers'), call('GET', '/cards')])
  const states = await Promise.all(cards.map(c => call('GET', `/cards/${encodeURIComponent(c.name)}`)))
  const fresh = readers.filter(r => !sections.has(r.name)).map(addReader)
  if (fresh.length) document.getElementById('readers').replaceChildren(...sections.values())
  readers.forEach(showReader)
  if (cards.length) document.getElementById('cards').replaceChildren(...cards.map((c, i) => row(c, states[i])))
  const names = cards.map(c => c.name).join('\n')
  if (fresh.length || names !== listed) {
    listed = names
    fillCards(document)
  }
}

async function watch() {
  try {
    await look()
    if (said.dataset.away) say('', false)
    delete said.dataset.away
  } catch (e) {
    said.dataset.away = 'yes'
    say(`The simulator does not answer: ${e.message}`, true)
  }
  setTimeout(watch, everyMS)
}

schemas = (await call('GET', '/openapi.json')).components.schemas
choose(document.querySelector('#put [name=state]'), property('State', 'state').enum)
choose(document.querySelector('#copy [name=kind]'), property('Copy', 'kind').enum)
document.getElementById('put').addEventListener('submit', e => {
  e.preventDefault()
  const { name, state } = e.target.elements
  act(`${name.value} is ${state.value}`, 'PUT', `/cards/${encodeURIComponent(name.value)}/state`, { state: state.value })
})
document.getElementById('copy').addEventListener('submit', e => {
  e.preventDefault()
  const { name, kind, as } = e.target.elements
  act(`${as.value} is a ${kind.value} of ${name.value}`, 'POST', `/cards/${encodeURIComponent(name.value)}/copies`, { name: as.value, kind: kind.value })
})
watch()
