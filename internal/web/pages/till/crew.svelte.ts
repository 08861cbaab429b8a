// Who is signed in at this till, and whether it is locked. The session is of this tab alone; the PIN is kept nowhere.
import { Client, type Crew as Session } from '../shared/client';
import { isLang } from '../shared/format';
import type { SignedIn, StaffMember } from '../shared/types';
import { settings } from './settings.svelte';

const TOKEN = 'loyaltill.staff';
const LOCKED = 'loyaltill.locked';

class Crew implements Session {
  who = $state.raw<StaffMember>();
  /** Nobody works on before a number and a PIN were typed. What is on the screen stays. */
  locked = $state(sessionStorage.getItem(LOCKED) !== null);
  #waiting: (() => void)[] = [];

  get token(): string {
    return sessionStorage.getItem(TOKEN) ?? '';
  }

  /** Takes up the session of this tab after a reload. */
  async resume(): Promise<void> {
    if (this.token === '') return;
    try {
      this.who = (await new Client(this.token, settings.lang).call<SignedIn>('GET', '/v1/session')).staff;
    } catch {
      this.lapsed();
    }
  }

  async signIn(number: number, pin: string): Promise<void> {
    const session = await new Client(settings.token, settings.lang).call<SignedIn>('POST', '/v1/session', { body: { number, pin } });
    sessionStorage.setItem(TOKEN, session.token ?? '');
    sessionStorage.removeItem(LOCKED);
    this.who = session.staff;
    this.locked = false;
    for (const go of this.#waiting.splice(0)) go();
    const own = session.staff.language ?? '';
    if (isLang(own) && own !== settings.lang) await settings.speak(own).catch(() => undefined); // the page stays in its language
  }

  /** The next one signs in; what was typed waits. */
  lock(): void {
    const over = this.token;
    this.lapsed();
    if (over !== '') void new Client(over, settings.lang).call('DELETE', '/v1/session').catch(() => undefined); // it ends by itself otherwise
  }

  /** The agent knows the session no more. */
  lapsed(): void {
    sessionStorage.removeItem(TOKEN);
    sessionStorage.setItem(LOCKED, '');
    this.locked = true;
  }

  /** A till at which nobody has to sign in goes on without. */
  leave(): void {
    if (!this.who && this.token === '') this.#unlock();
  }

  #unlock(): void {
    sessionStorage.removeItem(LOCKED);
    this.locked = false;
    for (const go of this.#waiting.splice(0)) go();
  }

  /** Waits until somebody is signed in again. */
  async unlocked(): Promise<void> {
    if (this.locked) await new Promise<void>((go) => this.#waiting.push(go));
  }
}

export const crew = new Crew();
