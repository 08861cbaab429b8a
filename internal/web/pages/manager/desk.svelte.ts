// Who is signed in, in which language, and how a call is made on their behalf.
import { untrack } from 'svelte';
import { Catalogue, type Args, type Entries } from '../shared/catalogue';
import { Client, Problem, Unreachable, type CallOptions } from '../shared/client';
import { direction, isLang, LANGUAGES, tellTimesIn, type Lang } from '../shared/format';
import type { Status } from '../shared/types';
import type { Right, Session } from './types';

const LANG = 'loyaltill.manager.lang';
const TOKEN = 'loyaltill.manager.session'; // of this tab alone

function firstLanguage(): Lang {
  for (const tag of [localStorage.getItem(LANG) ?? '', ...navigator.languages]) {
    const base = tag.split('-')[0] ?? '';
    if (isLang(base)) return base;
  }
  return LANGUAGES[0];
}

class Desk {
  lang = $state<Lang>(firstLanguage());
  session = $state.raw<Session>();
  status = $state.raw<Status>();
  /** The session is over while somebody works: they sign in again over the page, and nothing typed is lost. */
  over = $state(false);
  #texts = $state.raw(new Catalogue(LANGUAGES[0], {}));

  readonly currency = $derived(this.status?.currency ?? 'EUR');
  readonly lanes = $derived(this.status?.lanes ?? []);

  get ready(): boolean {
    return this.#texts.has('manager.title');
  }

  text(key: string, args?: Args): string {
    return this.#texts.text(key, args);
  }

  has(key: string): boolean {
    return this.#texts.has(key);
  }

  may(right: Right): boolean {
    return this.session?.rights.includes(right) ?? false;
  }

  async speak(lang: Lang): Promise<void> {
    const answer = await fetch(`/manager/i18n/${lang}.json`, { credentials: 'omit' });
    if (!answer.ok) throw new Error(`catalogue ${lang}: status ${answer.status}`);
    this.#texts = new Catalogue(lang, (await answer.json()) as Entries);
    this.lang = lang;
    localStorage.setItem(LANG, lang);
    document.documentElement.lang = lang;
    document.documentElement.dir = direction(lang);
    document.title = this.text('manager.title');
  }

  /** Takes up the session of this tab after a reload. */
  async resume(): Promise<void> {
    if (sessionStorage.getItem(TOKEN) === null) return;
    try {
      this.session = await this.call<Session>('GET', '/v1/session');
      await this.refresh();
    } catch {
      sessionStorage.removeItem(TOKEN); // over; signing in begins another
    } finally {
      this.over = false;
    }
  }

  async signIn(number: number, pin: string): Promise<void> {
    const session = await new Client('', this.lang).call<Session>('POST', '/v1/session', { body: { number, pin } });
    sessionStorage.setItem(TOKEN, session.token ?? '');
    const first = this.session === undefined;
    if (first && isLang(session.staff.language ?? '') && session.staff.language !== this.lang) await this.speak(session.staff.language as Lang);
    this.session = session;
    this.over = false;
    await this.refresh();
  }

  async signOut(): Promise<void> {
    await this.call('DELETE', '/v1/session').catch(() => undefined); // it ends by itself otherwise
    sessionStorage.removeItem(TOKEN);
    this.session = undefined;
    this.over = false;
  }

  async refresh(): Promise<void> {
    const status = await this.call<Status>('GET', '/v1/status');
    tellTimesIn(status.time_zone);
    this.status = status;
  }

  call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
    return this.#asked((client) => client.call<T>(method, path, options));
  }

  /** Saves an answer that is a file. */
  async save(method: string, path: string, name: string, options: CallOptions = {}): Promise<void> {
    save(await this.#asked((client) => client.file(method, path, options)), name);
  }

  async #asked<T>(ask: (client: Client) => Promise<T>): Promise<T> {
    try {
      return await ask(new Client(sessionStorage.getItem(TOKEN) ?? '', this.lang));
    } catch (err) {
      if (signedOut(err)) this.over = true;
      throw err;
    }
  }

  /** What went wrong, in words; nothing where the question for the PIN says it. */
  reason(err: unknown): string {
    if (signedOut(err)) return '';
    if (err instanceof Problem) return this.has(`cashier.${err.code}`) ? err.message || this.text(`cashier.${err.code}`) : err.message || err.code;
    if (err instanceof Unreachable) return this.text('till.no_answer');
    throw err;
  }
}

function signedOut(err: unknown): boolean {
  return err instanceof Problem && (err.code === 'session_over' || err.code === 'token_missing');
}

export const desk = new Desk();

/** Looks now and every so often while somebody is signed in, and at once when they are again. For a component that is made. */
export function every(ms: number, look: () => Promise<void>): void {
  $effect(() => {
    if (desk.over) return;
    void untrack(look);
    const timer = setInterval(() => void look(), ms);
    return () => clearInterval(timer);
  });
}

/** Gives the person a file. */
export function save(what: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(what);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

export function t(key: string, args?: Args): string {
  return desk.text(key, args);
}

/** One thing that a form does: whether it runs, how it ended, and the key that makes a retry the same call. */
export class Doing {
  running = $state(false);
  wrong = $state('');
  good = $state('');
  #key = '';
  #of = '';

  /** Runs once at a time. The key stays until the call has succeeded or asks for something else. */
  async run(what: unknown, call: (key: string) => Promise<string>): Promise<void> {
    if (this.running) return;
    const of = JSON.stringify(what);
    if (of !== this.#of || this.#key === '') {
      this.#of = of;
      this.#key = crypto.randomUUID();
    }
    this.running = true;
    this.wrong = this.good = '';
    try {
      this.good = await call(this.#key);
      this.#key = '';
    } catch (err) {
      this.wrong = desk.reason(err);
    } finally {
      this.running = false;
    }
  }
}
