// The line to the agent: is it there, and what does it say about lanes, printing and head office.
import { Client, Problem } from '../shared/client';
import { tellTimesIn } from '../shared/format';
import type { BasketSummary, HealthState, Job, Lane, Status, SyncState, Training } from '../shared/types';
import { crew } from './crew.svelte';
import { settings } from './settings.svelte';

/** How long to wait before each new try; the last one goes on for ever, because a till must come back by itself. */
const BACK_OFF_MS = [300, 700, 1500, 3000, 5000] as const;

/** Print jobs that are remembered, of all lanes; the stream begins with the newest ones. */
const JOBS_KEPT = 60;
const JOBS_ASKED = 20;

export type LinkState = 'starting' | 'live' | 'lost' | 'refused';

class Link {
  state = $state<LinkState>('starting');
  status = $state.raw<Status>();
  sync = $state.raw<SyncState>();
  /** Sales of the store that wait to be paid. */
  baskets = $state.raw<readonly BasketSummary[]>([]);
  #jobs = $state.raw<readonly Job[]>([]);
  #lanes = $state.raw<readonly Lane[]>([]);
  #running: AbortController | undefined;
  /** What this till calls with while its lane is in training; empty: sales count. */
  practice = $state('');

  readonly client = $derived(new Client(this.practice || settings.token, settings.lang, crew));
  readonly lane = $derived(this.#lanes.find((l) => l.lane === settings.lane));

  /** Head office as a device: the states are those of the uplink. Being offline is no trouble, only worth knowing. */
  readonly office = $derived.by<HealthState>(() => {
    switch (this.sync?.state) {
      case 'in_sync':
      case 'sending':
      case 'fetching':
        return 'ok';
      case undefined:
      case 'starting':
      case 'offline':
        return 'degraded';
      default:
        return 'attention';
    }
  });

  /** The print jobs of this lane, newest first. */
  readonly jobs = $derived(this.#jobs.filter((j) => j.lane === settings.lane));

  get lanes(): readonly Lane[] {
    return this.#lanes;
  }

  get currency(): string {
    return this.status?.currency || 'EUR';
  }

  /** Starts over: after the token or the language has changed, and at the beginning. */
  start(): void {
    this.#running?.abort();
    this.#running = new AbortController();
    void this.#run(this.#running.signal, this.client);
  }

  async #run(signal: AbortSignal, client: Client): Promise<void> {
    for (let tries = 0; !signal.aborted; tries++) {
      try {
        await this.#refresh(client);
        await client.events(signal, () => (this.state = 'live'), (event, data) => {
          tries = 0;
          if (!signal.aborted) this.#take(event, data);
        });
      } catch (err) {
        if (signal.aborted) return;
        if (err instanceof Problem && err.code === 'training_over') {
          this.train('');
          return;
        }
        if (err instanceof Problem && (err.status === 401 || err.status === 403)) {
          this.state = 'refused';
          return;
        }
      }
      if (signal.aborted) return;
      this.state = 'lost';
      await wait(BACK_OFF_MS[Math.min(tries, BACK_OFF_MS.length - 1)] ?? 0, signal);
    }
  }

  async #refresh(client: Client): Promise<void> {
    const status = await client.call<Status>('GET', '/v1/status');
    tellTimesIn(status.time_zone);
    this.status = status;
    this.sync = this.status.sync;
    if (this.status.sign_in === 'must' && crew.token === '') crew.locked = true;
    this.#lanes = await client.call<Lane[]>('GET', '/v1/lanes'); // with the sentences, which the status has not
    if (!this.#lanes.some((l) => l.lane === settings.lane)) settings.lane = this.#lanes[0]?.lane ?? 0;
    await this.#join();
  }

  /** Goes along when the lane was put into training. */
  async #join(): Promise<void> {
    if (this.practice !== '' || !this.lane?.training) return;
    try {
      this.train((await this.client.call<Training>('GET', `/v1/lanes/${settings.lane}/training`)).token ?? '');
    } catch (err) {
      if (!(err instanceof Problem)) throw err; // it ended meanwhile
    }
  }

  /** Goes over to the training behind a token, or back to the store. Their papers and bills have nothing in common. */
  train(token: string): void {
    this.practice = token;
    this.#jobs = this.baskets = [];
    this.start();
  }

  #take(event: string, data: unknown): void {
    if (event === 'lane') {
      const lane = data as Lane;
      this.#lanes = this.#lanes.some((l) => l.lane === lane.lane)
        ? this.#lanes.map((l) => (l.lane === lane.lane ? lane : l))
        : [...this.#lanes, lane];
      void this.#join().catch(() => undefined); // the next event asks again
    } else if (event === 'sync') {
      this.sync = data as SyncState;
    } else if (event === 'baskets') {
      this.baskets = (data as { baskets: BasketSummary[] }).baskets;
    } else if (event === 'job') {
      const job = data as Job;
      this.#jobs = [job, ...this.#jobs.filter((j) => j.id !== job.id)].sort((a, b) => b.id - a.id).slice(0, JOBS_KEPT);
    }
  }

  /** Asks for the jobs that nothing was heard of: the stream tells of a job when it moves. */
  async askJobs(): Promise<void> {
    const jobs = await this.client.call<Job[]>('GET', `/v1/jobs?lane=${settings.lane}&limit=${JOBS_ASKED}`);
    for (const job of jobs) this.addJob(job);
  }

  /** A new job from the answer to a call. The stream may have told more of it already. */
  addJob(job: Job): void {
    if (!this.job(job.id)) this.#take('job', job);
  }

  /** An answer about a lane tells its new state before the event does. */
  putLane(lane: Lane): void {
    this.#take('lane', lane);
  }

  job(id: number | undefined): Job | undefined {
    return id === undefined ? undefined : this.#jobs.find((j) => j.id === id);
  }
}

/** Waits, or less long when the signal comes. */
export function wait(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}

export const link = new Link();
