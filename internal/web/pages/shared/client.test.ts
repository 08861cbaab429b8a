import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { Client, type Crew } from './client';

// An answer to a call of before must not sign out whoever has signed in since.
test('a late refusal ends no newer session', async () => {
  const held: ServerResponse[] = [];
  const server = createServer((_, answer) => held.push(answer)).listen(0, '127.0.0.1');
  await new Promise((up) => server.once('listening', up));
  try {
    const crew = { token: '', lapses: 0, lapsed(): void { this.lapses++; } };
    const client = new Client('till', 'en', crew satisfies Crew);
    const refusedWhile = async (then: () => void): Promise<unknown> => {
      const call = client.call('POST', `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`, { body: {} }).catch((err: unknown) => err);
      await expect.poll(() => held.length).toBe(1);
      then();
      held.pop()?.writeHead(401, { 'Content-Type': 'application/problem+json' }).end('{"code":"sign_in_needed"}');
      return call;
    };
    expect(await refusedWhile(() => { crew.token = 'navid'; })).toMatchObject({ code: 'sign_in_needed' });
    expect(crew.lapses).toBe(0);
    expect(await refusedWhile(() => undefined)).toMatchObject({ code: 'sign_in_needed' });
    expect(crew.lapses).toBe(1);
  } finally {
    server.close();
  }
});
