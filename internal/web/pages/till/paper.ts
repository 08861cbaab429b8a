// How the paper of a job fares, for the cashier.
import type { Health, Job } from '../shared/types';
import { link } from './link.svelte';

export interface Printing {
  kind: 'good' | 'wait' | 'bad';
  key: string; // of the text
}

/** Only what the printer confirmed is printed; everything else says what it is. */
export function printing(job: Job | undefined, printer: Health | undefined): Printing {
  const state = job?.state ?? 'queued'; // nothing heard of it yet
  const key = `cashier.job_${state}`;
  switch (state) {
    case 'confirmed':
      if (job?.level === 'status' || job?.level === 'one_way') return { kind: 'wait', key: 'cashier.job_sent' };
      return { kind: 'good', key: job?.level === 'processed' ? 'cashier.job_processed' : key };
    case 'queued':
    case 'sending':
    case 'flushed':
    case 'superseded':
      return { kind: printer?.state === 'ok' || printer?.state === 'degraded' ? 'wait' : 'bad', key };
    default:
      return { kind: 'bad', key: job?.cause === 'unprintable' ? 'cashier.job_unprintable' : key };
  }
}

/** The job of which somebody should say now whether it is on paper. */
export function asked(jobs: readonly Job[], now: number): Job | undefined {
  return jobs.find((j) => j.ask_until !== undefined && Date.parse(j.ask_until) > now);
}

/** What somebody saw of a job of which the printer cannot say whether it is on paper. */
export function answer(job: number, printed: boolean, key: string): Promise<Job> {
  return link.client.call<Job>('POST', `/v1/jobs/${job}/answer`, { body: { printed }, key });
}

/** Lets a job print whose time was over, or ends one that nobody wants. */
export function decide(job: number, as: 'approve' | 'cancel'): Promise<Job> {
  return link.client.call<Job>('POST', `/v1/jobs/${job}/${as}`, { body: {} });
}

/** A paper that is still on its way cannot be copied yet. */
export function finished(job: Job | undefined): boolean {
  return job !== undefined && !['queued', 'sending', 'flushed'].includes(job.state);
}

/** Asks for a copy; the paper says that it is one. */
export function reprint(job: number, key: string): Promise<Job> {
  return link.client.call<Job>('POST', `/v1/jobs/${job}/reprint`, { body: {}, key });
}
