// The printers' page: what they do, looked at four times a second, the paper as it comes out, and hands to trouble them.
// All that it can do, and every choice that it offers, is in /printers/openapi.json.

const everyMS = 250
const shownRows = 1600 // of dots: two receipts or so

const said = document.getElementById('said')
const sections = new Map()
let fault

async function call(method, path, body) {
  const answer = await fetch(path, { method, body: body && JSON.stringify(body), headers: body ? { 'Content-Type': 'application/json' } : {} })
  if (answer.ok) return answer.json()
  const text = await answer.text()
  let problem
  try { problem = JSON.parse(text) } catch { problem = { detail: text } }
  throw new Error(problem.detail)
}

// act does one thing by hand, says what came of it, and shows the state that follows.
async function act(what, method, path, body) {
  try {
    show(await call(method, path, body))
    say(what, false)
  } catch (e) {
    say(`${what}: ${e.message}`, true)
  }
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

const place = name => `/printers/${encodeURIComponent(name)}`
const pressed = button => button.getAttribute('aria-pressed') === 'true'

function addPrinter({ name }) {
  const section = document.getElementById('printer').content.cloneNode(true).firstElementChild
  const find = selector => section.querySelector(selector)
  const path = place(name)
  section.dataset.printer = name
  find('h2').textContent = name
  find('.out').setAttribute('aria-label', `Paper of ${name}`)
  find('.out img').alt = `Paper of ${name}; the same as text is linked below`
  find('.text').href = `${path}/paper.txt`
  find('.journal').href = `${path}/journal`
  const hand = (selector, on, off, way, body) => find(selector).addEventListener('click', e => {
    const was = pressed(e.currentTarget)
    act(`${name}: ${was ? off : on}`, 'POST', `${path}/${way}`, body(!was))
  })
  hand('.paper', 'no paper', 'paper is in', 'paper', out => ({ loaded: !out }))
  hand('.low', 'the roll is nearly used up', 'a new roll', 'paper', low => ({ loaded: true, mm: low ? 1000 : 80000 }))
  hand('.cover', 'cover open', 'cover closed', 'cover', open => ({ open }))
  hand('.power', 'off', 'on', 'power', off => ({ on: !off }))
  hand('.drawer', 'drawer open', 'drawer shut', 'drawer', open => ({ open }))
  hand('.cutter', 'the cutter sticks', 'the cutter is free', 'cutter', jammed => ({ jammed }))
  hand('.cable', 'cable out', 'cable in', 'cable', out => ({ plugged: !out }))
  find('.tear').addEventListener('click', () => act(`${name}: torn off`, 'POST', `${path}/tear`))
  find('.take').addEventListener('click', () => act(`${name}: sheets taken`, 'DELETE', `${path}/sheets`))
  find('.armed button').addEventListener('click', () => act(`${name}: mended`, 'DELETE', `${path}/fault`))
  find('.clock').addEventListener('submit', e => {
    e.preventDefault()
    const ms = Number(e.target.elements.ms.value)
    act(`${name}: ${ms} ms later`, 'POST', `${path}/clock`, { ms })
  })
  setUpFault(find('.fault form'), name)
  sections.set(name, section)
  return section
}

function setUpFault(form, name) {
  const kinds = fault['x-kinds']
  const { kind, at } = form.elements
  kind.replaceChildren(...fault.properties.kind.enum.map(k => option(k)))
  at.replaceChildren(...fault.properties.at.enum.map(v => option(v)))
  const show = () => {
    form.querySelector('.does').textContent = kinds[kind.value].does + '.'
    form.querySelector('.fields').replaceChildren(...kinds[kind.value].fields.map(faultField))
  }
  kind.addEventListener('change', show)
  show()
  form.addEventListener('submit', e => {
    e.preventDefault()
    const body = {}
    for (const field of form.elements) {
      if (field.name && field.value !== '') body[field.name] = field.type === 'number' ? Number(field.value) : field.value
    }
    act(`${name} will have: ${body.kind}`, 'POST', `${place(name)}/fault`, body)
  })
}

function faultField(field) {
  const about = fault.properties[field]
  const label = document.createElement('label')
  const input = document.createElement('input')
  input.name = field
  input.type = about.type === 'string' ? 'text' : 'number'
  if (about.pattern) input.pattern = about.pattern.slice(1, -1)
  if (about.minimum !== undefined) input.min = about.minimum
  if (about.maximum !== undefined) input.max = about.maximum
  input.required = field === 'size'
  label.append(`${field}: ${about.description}`, ' ', input)
  return label
}

function lamps(s) {
  const all = []
  const lamp = (text, kind) => all.push({ text, kind })
  if (!s.power) lamp('off', 'bad')
  else if (s.booting) lamp('starting up')
  else if (s.online) lamp('online', 'good')
  else lamp('offline', 'bad')
  if (!s.plugged) lamp('unplugged', 'bad')
  if (s.cover === 'open') lamp('cover open', 'bad')
  if (!s.paper.loaded) lamp('no paper', 'bad')
  else if (s.paper.near_end) lamp('paper near its end')
  if (s.jammed) lamp('blade stuck', 'bad')
  s.errors.forEach(e => lamp(`${e} error`, 'bad'))
  if (s.buffer.full) lamp('busy')
  if (s.drawer === 'open') lamp('drawer open')
  return all.map(({ text, kind }) => {
    const li = document.createElement('li')
    li.textContent = text
    if (kind) li.className = kind
    return li
  })
}

function press(button, on, text) {
  button.setAttribute('aria-pressed', on)
  if (text) button.textContent = text[on ? 1 : 0]
}

function show(s) {
  const section = sections.get(s.name)
  const find = selector => section.querySelector(selector)
  find('.place').textContent = `${s.device} · ${s.personality}`
  find('.lamps').replaceChildren(...lamps(s))
  find('.progress').textContent = s.rows_queued ? `${s.rows_queued} rows to go` : s.buffer.used ? `${s.buffer.used} bytes wait` : s.line_waiting ? 'in the middle of a line' : 'rests'
  press(find('.paper'), !s.paper.loaded, ['Paper out', 'Put paper in'])
  press(find('.low'), s.paper.near_end && s.paper.loaded)
  press(find('.cover'), s.cover === 'open', ['Open the cover', 'Close the cover'])
  press(find('.cutter'), s.jammed, ['Jam the cutter', 'Free the cutter'])
  press(find('.cable'), !s.plugged, ['Pull the cable', 'Plug it in'])
  press(find('.power'), !s.power, ['Switch off', 'Switch on'])
  press(find('.drawer'), s.drawer === 'open', ['Open the drawer', 'Shut the drawer'])
  find('.armed').hidden = s.faults.length === 0
  find('.armed p').textContent = s.faults.map(describe).join('; ')
  find('.clock').hidden = !s.virtual
  const c = s.counts
  find('.counts').textContent = `Bytes ${c.bytes}, rows ${c.rows}, sheets ${c.sheets}, drawer pulses ${c.drawer_pulses}, bytes lost in a full buffer ${c.buffer_overflows}, commands not known ${c.unsupported + c.unknown}`
  draw(section, s)
}

function describe(f) {
  const at = f.at === 'now' ? '' : f.at === 'time' ? ` in ${f.n} ms` : ` at ${f.at} ${f.n || 1}`
  const fields = fault['x-kinds'][f.kind].fields.filter(field => f[field]).map(field => `, ${field} ${f[field]}`).join('')
  return f.kind + at + fields + (f.for_ms ? `, for ${f.for_ms} ms` : '')
}

// draw fetches the paper when it has moved, one picture at a time.
async function draw(section, s) {
  const now = `${s.counts.rows} ${s.counts.sheets} ${s.paper.strip_rows}`
  if (section.dataset.drawn === now || section.dataset.drawing) return
  section.dataset.drawing = 'yes'
  const next = new Image()
  next.alt = section.querySelector('.out img').alt
  next.style.maxInlineSize = `${s.width_dots}px`
  next.src = `${place(s.name)}/paper.png?rows=${shownRows}&now=${encodeURIComponent(now)}`
  try {
    await next.decode() // so that the strip never flickers
    section.querySelector('.out img').replaceWith(next)
    section.dataset.drawn = now
  } catch {
    // The next look tries again, and says so when nobody answers.
  } finally {
    delete section.dataset.drawing
  }
}

async function look() {
  const { printers } = await call('GET', '/printers')
  const fresh = printers.filter(s => !sections.has(s.name)).map(addPrinter)
  if (fresh.length) document.getElementById('printers').replaceChildren(...sections.values())
  printers.forEach(show)
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

fault = (await call('GET', '/printers/openapi.json')).components.schemas.Fault
watch()
