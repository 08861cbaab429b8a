// What this browser remembers about the person and the place: language, sound, lane, cashier, and the token.
import { Catalogue, type Args, type Entries } from '../shared/catalogue';
import { direction, isLang, LANGUAGES, type Lang } from '../shared/format';
import type { Sign } from './signs';
import { Speaker, type Signs } from './sound';

const PREFIX = 'loyaltill.';

function recall(name: string): string {
  return localStorage.getItem(PREFIX + name) ?? '';
}

function remember(name: string, value: string): void {
  if (value === '') localStorage.removeItem(PREFIX + name);
  else localStorage.setItem(PREFIX + name, value);
}

function firstLanguage(): Lang {
  const kept = recall('lang');
  if (isLang(kept)) return kept;
  for (const tag of navigator.languages) {
    const base = tag.split('-')[0] ?? '';
    if (isLang(base)) return base;
  }
  return LANGUAGES[0];
}

class Settings {
  lang = $state<Lang>(firstLanguage());
  #texts = $state.raw(new Catalogue(LANGUAGES[0], {}));
  #sound = $state(recall('sound') !== 'off');
  #token = $state(recall('token'));
  #lane = $state(Number(recall('lane')) || 0);
  #cashier = $state(recall('cashier'));
  #tax = $state(Number(recall('tax')) || 0);
  readonly speaker = new Speaker();
  #signs = $state.raw<Signs>();

  constructor() {
    this.speaker.muted = !this.#sound;
  }

  /** The texts are here; before that there is nothing to show. */
  get ready(): boolean {
    return this.#texts.has('till.title');
  }

  text(key: string, args?: Args): string {
    return this.#texts.text(key, args);
  }

  /** The sentence for a code, in the page's language; a code without one is told in the agent's words. */
  sentence(code: string | undefined, fallback = '', args?: Args): string {
    const key = `cashier.${code ?? ''}`;
    return this.#texts.has(key) ? this.#texts.text(key, args) : fallback || code || '';
  }

  async speak(lang: Lang): Promise<void> {
    const answer = await fetch(`/till/i18n/${lang}.json`, { credentials: 'omit' });
    if (!answer.ok) throw new Error(`catalogue ${lang}: status ${answer.status}`);
    this.#texts = new Catalogue(lang, (await answer.json()) as Entries);
    this.lang = lang;
    remember('lang', lang);
    document.documentElement.lang = lang;
    document.documentElement.dir = direction(lang);
    document.title = this.text('till.title');
  }

  get sound(): boolean {
    return this.#sound;
  }
  set sound(on: boolean) {
    this.#sound = on;
    this.speaker.muted = !on;
    remember('sound', on ? '' : 'off');
  }

  set signs(signs: Signs) {
    this.#signs = this.speaker.signs = signs;
  }

  /** The strokes of a state; none before they are loaded. */
  picture(sign: Sign): string | undefined {
    return this.#signs?.picture(sign);
  }

  get token(): string {
    return this.#token;
  }
  set token(token: string) {
    this.#token = token;
    remember('token', token);
  }

  get lane(): number {
    return this.#lane;
  }
  set lane(lane: number) {
    this.#lane = lane;
    remember('lane', String(lane));
  }

  get cashier(): string {
    return this.#cashier;
  }
  set cashier(name: string) {
    this.#cashier = name;
    remember('cashier', name);
  }

  /** The tax rate typed last, basis points. */
  get tax(): number {
    return this.#tax;
  }
  set tax(rate: number) {
    this.#tax = rate;
    remember('tax', rate === 0 ? '' : String(rate));
  }

  /** Takes the token out of the address, where it would stay in the history and on screenshots. */
  takeToken(): void {
    const found = new URLSearchParams(location.hash.slice(1)).get('token');
    if (found) this.token = found;
    if (location.hash !== '') history.replaceState(null, '', location.pathname);
  }
}

export const settings = new Settings();

export function t(key: string, args?: Args): string {
  return settings.text(key, args);
}
