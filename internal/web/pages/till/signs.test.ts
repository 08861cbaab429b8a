import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Entries } from '../shared/catalogue';
import { LANGUAGES } from '../shared/format';
import { NAMES, SIGNS, signOf, type Meaning, type Note, type Sign } from './signs';

const root = new URL('../../../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const catalogue = (lang: string) => JSON.parse(read(`internal/i18n/catalog/${lang}.json`)) as Entries;
const english = catalogue('en');

const meanings = Object.entries<Meaning>(SIGNS);
const given = meanings.flatMap(([, m]) => (m.codes ?? '').split(' ').filter(Boolean));

/** Codes of cards, readers, printers, papers and PINs that are no state: nothing is wrong, or a call is refused and sounds so. */
const PLAIN = new Set(`
  card_here card_funds
  printer_ready printer_printing printer_progress printer_on_screen printer_taken
  job_queued job_sending job_flushed job_confirmed job_cancelled job_superseded job_processed job_sent job_unknown job_busy job_state
  pin_set`.split(/\s+/).filter(Boolean));

/** What the agent may answer to a refused call: the enumeration in its description. */
function refusals(): string[] {
  const lines = read('docs/agent.openapi.yaml').split('\n');
  const first = lines.findIndex((l) => /^\s+- activity_answer$/.test(l));
  const rest = lines.slice(first);
  return rest.slice(0, rest.findIndex((l) => !/^\s+- /.test(l))).map((l) => l.replace(/^\s+- /, ''));
}

test('every code of a card, reader, printer, paper or PIN has a sign, or is none on purpose', () => {
  const codes = Object.keys(english).filter((k) => k.startsWith('cashier.')).map((k) => k.slice('cashier.'.length));
  for (const code of refusals()) expect(codes, `no sentence for ${code}`).toContain(code);
  const devices = codes.filter((c) => /^(card|reader|printer|job|pin|pins|puk|pinpad)_/.test(c));
  expect(devices.length).toBeGreaterThan(70);
  for (const code of devices) expect(given.includes(code) || PLAIN.has(code), `${code} has neither a sign nor is it a plain one`).toBe(true);
  for (const code of [...PLAIN]) expect(codes, `${code} is no code`).toContain(code);
});

test('no code means two things, and each is one that the agent or the page has', () => {
  expect(new Set(given).size).toBe(given.length);
  const pages = ['basket_full']; // the page itself says so
  for (const code of given) {
    expect(Object.hasOwn(english, `cashier.${code}`) || pages.includes(code), code).toBe(true);
    expect(PLAIN.has(code), code).toBe(false);
  }
  expect(signOf('printer_paper_out')).toBe('paper_out');
  expect(signOf('coupon_used')).toBe('refused');
  expect(signOf(undefined)).toBe('refused');
});

test('every state has a text in every language', () => {
  for (const lang of LANGUAGES) {
    const texts = catalogue(lang);
    for (const [name, { text }] of meanings) expect(texts, `${name} in ${lang}`).toHaveProperty([text]);
  }
});

test('every state has a picture of its own, of strokes within its grid', () => {
  expect(new Set(meanings.map(([, m]) => m.picture)).size).toBe(meanings.length);
  for (const [name, { picture }] of meanings) expect(picture, name).toMatch(/^M[\d .\-MmLlHhVvAaCcZz]+$/);
});

/** Of a sound: when tones begin and end, in milliseconds. */
function edges(notes: readonly Note[]): number[] {
  const at: number[] = [];
  let now = 0;
  for (const [hz, ms] of notes) {
    if (hz > 0) at.push(now, now + ms);
    now += ms;
  }
  return at;
}

const length = (notes: readonly Note[]) => notes.reduce((sum, [, ms]) => sum + ms, 0);
const melody = (notes: readonly Note[]) => notes.filter(([hz]) => hz > 0).map(([hz]) => hz).join(' ');

const HEARD_MS = 40; // a difference in time that people hear

test('every state has a short sound that can be heard', () => {
  for (const [name, { notes }] of meanings) {
    expect(notes.length, name).toBeGreaterThan(0);
    expect(length(notes), name).toBeLessThanOrEqual(1000);
    for (const [hz, ms] of notes) {
      expect(ms, name).toBeGreaterThan(0);
      expect(hz === 0 || (hz >= 150 && hz <= 2000), `${name}: ${hz} Hz`).toBe(true);
    }
  }
});

test('no two sounds are alike: they differ in rhythm, and in pitch too', () => {
  for (const [i, [name, a]] of meanings.entries()) {
    for (const [other, b] of meanings.slice(i + 1)) {
      const [x, y] = [edges(a.notes), edges(b.notes)];
      const apart = x.length !== y.length || x.some((at, n) => Math.abs(at - (y[n] ?? 0)) >= HEARD_MS);
      expect(apart, `${name} and ${other} have one rhythm`).toBe(true);
      expect(melody(a.notes), `${name} and ${other} have one melody`).not.toBe(melody(b.notes));
    }
  }
});

/** The row of a state in docs/till.md. */
function row(name: Sign): string {
  const { text, notes, codes }: Meaning = SIGNS[name];
  const entry = english[text] ?? '';
  const says = (typeof entry === 'string' ? entry : (entry.other ?? '')).replaceAll(/\{\{\.(\w+)\}\}/g, '…');
  const sound = notes.map(([hz, ms]) => (hz === 0 ? `(${ms})` : `${hz}/${ms}`)).join(' ');
  return `| \`${name}\` | ${says} | ${sound} | ${codes ? codes.split(' ').map((c) => `\`${c}\``).join(' ') : ''} |`;
}

test('docs/till.md lists the states as they are', () => {
  const page = read('docs/till.md');
  const rows = NAMES.map(row);
  expect(page, `docs/till.md lacks these rows:\n${rows.join('\n')}`).toContain(`${rows.join('\n')}\n`);
});
