// How far the setup has come, in which language it is told, and the calls behind it.
import { Catalogue, type Args, type Entries } from '../shared/catalogue';
import { Client, Problem, Unreachable, type CallOptions } from '../shared/client';
import type { LaneDevices, LanePrinter, Plugged } from '../shared/devices';
import { direction, isLang, LANGUAGES, type Lang } from '../shared/format';

const LANG = 'loyaltill.setup.lang';
const TOKEN = 'loyaltill.setup.token'; // of this tab alone
const AGAIN_MS = 500;
/** A printer may be asked at every speed, and then prints; the agent gives up after 40 s. */
const SLIP_LIMIT_MS = 45_000;
/** Head office is met twice, and may be slow. */
const PAIR_LIMIT_MS = 45_000;

export interface State extends Plugged {
  store?: { number: number; name: string; head_office: string };
  head_office?: string;
  saved: boolean;
  done: boolean;
  lanes: LaneDevices[];
  token?: string;
}

export interface Slip {
  printer: LanePrinter;
  model?: string;
  out: boolean;
  message?: string;
}

function firstLanguage(): Lang {
  for (const tag of [localStorage.getItem(LANG) ?? '', ...navigator.languages]) {
    const base = tag.split('-')[0] ?? '';
    if (isLang(base)) return base;
  }
  return LANGUAGES[0];
}

/** The token comes in the fragment, which no server sees, and goes from the address at once. */
function takeToken(): string {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given !== null) {
    sessionStorage.setItem(TOKEN, given);
    history.replaceState(null, '', location.pathname);
  }
  return sessionStorage.getItem(TOKEN) ?? '';
}

class Desk {
  lang = $state<Lang>(firstLanguage());
  state = $state.raw<State>();
  readonly token = takeToken();
  #texts = $state.raw(new Catalogue(LANGUAGES[0], {}));

  get ready(): boolean {
    return this.#texts.has('setup.title');
  }

  text(key: string, args?: Args): string {
    return this.#texts.text(key, args);
  }

  async speak(lang: Lang): Promise<void> {
    const answer = await fetch(`/setup/i18n/${lang}.json`, { credentials: 'omit' });
    if (!answer.ok) throw new Error(`catalogue ${lang}: status ${answer.status}`);
    this.#texts = new Catalogue(lang, (await answer.json()) as Entries);
    this.lang = lang;
    localStorage.setItem(LANG, lang);
    document.documentElement.lang = lang;
    document.documentElement.dir = direction(lang);
    document.title = this.text('setup.title');
  }

  #call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
    return new Client(this.token, this.lang).call<T>(method, path, options);
  }

  async look(): Promise<void> {
    this.state = await this.#call<State>('GET', '/v1/setup');
  }

  async pair(code: string, office: string): Promise<void> {
    const body = office === '' ? { code } : { code, head_office: office };
    this.state = await this.#call<State>('POST', '/v1/setup/pair', { body, limitMS: PAIR_LIMIT_MS });
  }

  async slip(lane: LaneDevices): Promise<Slip> {
    return await this.#call<Slip>('POST', '/v1/setup/slip', { body: lane, limitMS: SLIP_LIMIT_MS });
  }

  async save(lanes: readonly LaneDevices[]): Promise<void> {
    this.state = await this.#call<State>('POST', '/v1/setup/lanes', { body: { lanes } });
  }

  /** Waits until the agent answers where the setup was, and goes on to the till. */
  async goOn(token: string): Promise<void> {
    for (;;) {
      const answer = await fetch('/healthz', { cache: 'no-store', credentials: 'omit' }).catch(() => undefined); // it is starting
      if (answer?.ok) break;
      await new Promise((again) => setTimeout(again, AGAIN_MS));
    }
    sessionStorage.removeItem(TOKEN);
    location.replace(`/till/#token=${token}`);
  }

  /** What went wrong, in words. */
  reason(err: unknown): string {
    if (err instanceof Problem) return err.message || err.code;
    if (err instanceof Unreachable) return this.text('till.no_answer');
    throw err;
  }
}

export const desk = new Desk();

export function t(key: string, args?: Args): string {
  return desk.text(key, args);
}
