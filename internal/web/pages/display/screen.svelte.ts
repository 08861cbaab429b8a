// What the agent tells this display, in whose language, and whether it still tells anything.
import { Catalogue, type Args, type Entries } from '../shared/catalogue';
import { Client, Problem } from '../shared/client';
import { direction, isLang, LANGUAGES, type Lang } from '../shared/format';
import type { Shown } from './types';

/** How long to wait before each new try; the last one goes on for ever, because nobody stands at a display. */
const BACK_OFF_MS = [300, 700, 1500, 3000] as const;

const TOKEN = 'loyaltill.display.';

function firstLanguage(): Lang {
  for (const tag of [asked(), ...navigator.languages]) {
    const base = tag.split('-')[0] ?? '';
    if (isLang(base)) return base;
  }
  return LANGUAGES[0];
}

/** The language that the address asks for while no member is there. */
function asked(): string {
  return new URLSearchParams(location.search).get('lang') ?? '';
}

class Screen {
  /** Nothing while the agent is not there: what it told before may no longer be so. */
  shown = $state.raw<Shown>();
  refused = $state(false);
  #texts = $state.raw(new Catalogue(LANGUAGES[0], {}));
  readonly #catalogues = new Map<Lang, Catalogue>();
  #turn = 0;

  get lang(): Lang {
    return this.#texts.lang;
  }

  get ready(): boolean {
    return this.#texts.has('display.title');
  }

  text(key: string, args?: Args): string {
    return this.#texts.text(key, args);
  }

  begin(): void {
    const lane = Number(new URLSearchParams(location.search).get('lane'));
    void this.#run(lane, takeToken(lane));
  }

  async #run(lane: number, token: string): Promise<void> {
    const own = asked();
    const client = new Client(token, isLang(own) ? own : '*');
    const forever = new AbortController().signal;
    for (let tries = 0; ; tries++) {
      try {
        if (!this.ready) this.#speak(await this.#catalogue(firstLanguage()));
        await client.events(forever, () => undefined, (_, data) => {
          tries = 0;
          void this.#take(data as Shown);
        }, `/v1/lanes/${lane}/display`);
      } catch (err) {
        if (err instanceof Problem && err.status < 500) {
          this.refused = true;
          return;
        }
      }
      this.#turn++;
      this.shown = undefined;
      await new Promise((again) => setTimeout(again, BACK_OFF_MS[Math.min(tries, BACK_OFF_MS.length - 1)]));
    }
  }

  /** The newest that was told is shown, once its language is here. */
  async #take(shown: Shown): Promise<void> {
    const turn = ++this.#turn;
    let texts: Catalogue;
    try {
      texts = await this.#catalogue(shown.language);
    } catch {
      this.shown = undefined; // the agent is going: the stream ends too, and its next one tells anew
      return;
    }
    if (turn !== this.#turn) return;
    this.#speak(texts);
    this.shown = shown;
  }

  async #catalogue(lang: Lang): Promise<Catalogue> {
    const kept = this.#catalogues.get(lang);
    if (kept) return kept;
    const answer = await fetch(`/display/i18n/${lang}.json`, { credentials: 'omit' });
    if (!answer.ok) throw new Error(`catalogue ${lang}: status ${answer.status}`);
    const texts = new Catalogue(lang, (await answer.json()) as Entries);
    this.#catalogues.set(lang, texts);
    return texts;
  }

  #speak(texts: Catalogue): void {
    this.#texts = texts;
    document.documentElement.lang = texts.lang;
    document.documentElement.dir = direction(texts.lang);
    document.title = texts.text('display.title');
  }
}

/** The token comes behind #, which no server sees, and goes from the address at once; a reload finds it here. */
function takeToken(lane: number): string {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given !== null) {
    localStorage.setItem(TOKEN + lane, given);
    history.replaceState(null, '', location.pathname + location.search);
  }
  return localStorage.getItem(TOKEN + lane) ?? '';
}

export const screen = new Screen();

export function t(key: string, args?: Args): string {
  return screen.text(key, args);
}
