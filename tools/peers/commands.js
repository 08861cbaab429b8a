// Cuts streams of ESC/POS bytes into commands with npos: standard input is {"name": base64, ...}, standard output
// {"name": [[offset, length, "command"], ...], ...}, or {"name": "what cannot be read"}.
import npos from 'npos'

const { Parser, rules, symbols } = npos

// npos is from before GS ( k; its form is that of the other GS ( commands.
rules[symbols.GS]['(k'] = [0, 'd16']
const parser = new Parser(rules)

let text = ''
process.stdin.on('data', chunk => { text += chunk })
process.stdin.on('end', () => {
  const out = {}
  for (const [name, bytes] of Object.entries(JSON.parse(text))) {
    const { error, tree } = parser.analyze(Buffer.from(bytes, 'base64'))
    out[name] = error ? error.message : tree.map(n => [n.offset, n.length, n.ascii + (n.fn ?? '')])
  }
  process.stdout.write(JSON.stringify(out))
})
