// Texts by key, as internal/i18n keeps them: a text, or plural forms, with arguments in braces.
import { whole, type Lang } from './format';

export type Entry = string | Partial<Record<Intl.LDMLPluralRule, string>>;
export type Entries = Readonly<Record<string, Entry>>;
export type Args = Readonly<Record<string, string | number>>;

// Isolates keep a foreign name inside a right-to-left sentence in its own order.
const FIRST_STRONG_ISOLATE = '\u2068';
const POP_ISOLATE = '\u2069';

/** The texts of one language. */
export class Catalogue {
  readonly lang: Lang;
  readonly #entries: Entries;
  readonly #plural: Intl.PluralRules;

  constructor(lang: Lang, entries: Entries) {
    this.lang = lang;
    this.#entries = entries;
    this.#plural = new Intl.PluralRules(lang);
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#entries, key);
  }

  /** The text of a key. A key without text comes back as itself: the reader sees a code rather than nothing. */
  text(key: string, args: Args = {}): string {
    if (!this.has(key)) return key;
    const entry = this.#entries[key] ?? key;
    return this.#fill(typeof entry === 'string' ? entry : this.#form(entry, args), args);
  }

  #form(entry: Exclude<Entry, string>, args: Args): string {
    const count = args['count'] ?? args['points'];
    const form = this.#plural.select(typeof count === 'number' ? count : 0);
    return entry[form] ?? entry.other ?? '';
  }

  #fill(text: string, args: Args): string {
    return text.replace(/\{\{\.([a-z_]+)\}\}/g, (all, name: string) => {
      const value = args[name];
      if (value === undefined) return all;
      return typeof value === 'number' ? whole(this.lang, value) : FIRST_STRONG_ISOLATE + value + POP_ISOLATE;
    });
  }
}
