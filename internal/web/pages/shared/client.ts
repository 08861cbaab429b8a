// The agent's API over fetch: one function for calls, one for the event stream.
import { EventParser } from './sse';
import type { Lang } from './format';

/** A refusal of the agent (RFC 9457). Decide by code, never by text. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly retryable: boolean;
  readonly triesLeft: number | undefined;
  /** Seconds before the next try at a PIN of staff. */
  readonly wait: number;
  /** A supervisor can answer for it. */
  readonly approvable: boolean;
  readonly fields: readonly string[];

  constructor(status: number, body: ProblemBody) {
    super(body.message ?? body.title ?? '');
    this.status = status;
    this.code = body.code ?? 'internal';
    this.retryable = body.retryable ?? false;
    this.triesLeft = body.tries_left;
    this.wait = body.wait_seconds ?? 0;
    this.approvable = body.approvable ?? false;
    this.fields = (body.errors ?? []).map((e) => e.field ?? '');
  }
}

interface ProblemBody {
  title?: string;
  code?: string;
  message?: string;
  retryable?: boolean;
  tries_left?: number;
  wait_seconds?: number;
  approvable?: boolean;
  errors?: { field?: string }[];
}

/** The agent gave no answer: it is restarting, or the answer was lost on its way. Nobody knows whether the call was done. */
export class Unreachable extends Error {}

const CALL_LIMIT_MS = 10_000;
/** A card may take its time; the agent gives up after 30 s. */
export const CARD_LIMIT_MS = 35_000;
/** A member has 30 s to type on the reader; the agent gives up after 40 s. */
export const PINPAD_LIMIT_MS = 45_000;
/** The agent writes a comment every 10 s; a stream that is silent for longer is dead. */
const SILENCE_LIMIT_MS = 25_000;

export interface CallOptions {
  body?: unknown;
  key?: string;
  limitMS?: number;
  signal?: AbortSignal;
}

/** Who is signed in at a till; told when the agent knows them no more. */
export interface Crew {
  readonly token: string;
  lapsed(): void;
}

export class Client {
  constructor(
    readonly token: string,
    readonly lang: Lang | '*', // any: the agent's own
    readonly crew?: Crew,
  ) {}

  #headers(): Record<string, string> {
    return { Authorization: `Bearer ${this.token}`, 'Accept-Language': this.lang };
  }

  async call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
    const text = await this.#answer(method, path, options, (a) => a.text());
    try {
      return (text === '' ? undefined : JSON.parse(text)) as T;
    } catch {
      throw new Unreachable('the answer is not the agent\u2019s');
    }
  }

  /** An answer that is a file. */
  async file(method: string, path: string, options: CallOptions = {}): Promise<Blob> {
    return this.#answer(method, path, options, (a) => a.blob());
  }

  async #answer<T>(method: string, path: string, options: CallOptions, read: (answer: Response) => Promise<T>): Promise<T> {
    const headers = this.#headers();
    if (options.body !== undefined) headers['Content-Type'] = 'application/json';
    if (options.key !== undefined) headers['Idempotency-Key'] = options.key;
    const session = this.crew?.token;
    if (session && method !== 'GET') headers['Staff-Session'] = session;
    const limit = AbortSignal.timeout(options.limitMS ?? CALL_LIMIT_MS);
    const init: RequestInit = {
      method, headers, cache: 'no-store', credentials: 'omit', redirect: 'error',
      signal: options.signal ? AbortSignal.any([options.signal, limit]) : limit,
    };
    if (options.body !== undefined) init.body = typeof options.body === 'string' ? options.body : JSON.stringify(options.body);
    let answer: Response;
    let body: T | string;
    try {
      answer = await fetch(path, init);
      body = answer.ok ? await read(answer) : await answer.text();
    } catch (err) {
      if (options.signal?.aborted) throw err;
      throw new Unreachable(String(err));
    }
    if (!answer.ok) {
      const problem = new Problem(answer.status, problemBody(body as string));
      if (signInFirst(problem) && this.crew?.token === session) this.crew?.lapsed(); // somebody may have signed in meanwhile
      throw problem;
    }
    return body as T;
  }

  /** Reads an event stream until it ends. Resolves when the agent closed it, throws when it broke or fell silent. */
  async events(signal: AbortSignal, open: () => void, take: (event: string, data: unknown) => void, path = '/v1/events'): Promise<void> {
    const silence = new AbortController();
    let watchdog = setTimeout(() => silence.abort(), SILENCE_LIMIT_MS);
    try {
      const answer = await fetch(path, {
        headers: { ...this.#headers(), Accept: 'text/event-stream' },
        cache: 'no-store', credentials: 'omit', redirect: 'error', signal: AbortSignal.any([signal, silence.signal]),
      });
      if (!answer.ok) throw new Problem(answer.status, problemBody(await answer.text()));
      if (!answer.body) return;
      open();
      const parser = new EventParser();
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        clearTimeout(watchdog);
        watchdog = setTimeout(() => silence.abort(), SILENCE_LIMIT_MS);
        for (const e of parser.push(value)) take(e.event, JSON.parse(e.data));
      }
    } finally {
      clearTimeout(watchdog);
    }
  }
}

/** Nothing was done: somebody has to sign in at the till first. */
export function signInFirst(problem: Problem): boolean {
  return problem.code === 'session_over' || problem.code === 'sign_in_needed';
}

function problemBody(text: string): ProblemBody {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? (body as ProblemBody) : {};
  } catch {
    return {}; // not the agent's answer; its status is all there is
  }
}
