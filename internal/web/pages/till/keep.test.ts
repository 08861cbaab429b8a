import { beforeEach, expect, test } from 'vitest';
import { Keep, type Store } from './keep';

class Disk implements Store {
  readonly files = new Map<string, string>();
  getItem(name: string): string | null {
    return this.files.get(name) ?? null;
  }
  setItem(name: string, value: string): void {
    this.files.set(name, value);
  }
  removeItem(name: string): void {
    this.files.delete(name);
  }
}

let disk: Disk;
beforeEach(() => {
  disk = new Disk();
});

const milk = { sku: '', name: 'Piens', category: '', quantity: 2000, price: 129, tax: 2100 };

test('a sale that was sent is sent again after a reload, with the same key and the same bytes', () => {
  new Keep(disk, 1).hold('key-1', '{"lines":[]}', false);
  expect(new Keep(disk, 1).pending()).toEqual({ key: 'key-1', body: '{"lines":[]}' });
});

test('an answered sale is forgotten', () => {
  const keep = new Keep(disk, 1);
  keep.hold('key-1', '{}', false);
  keep.settle();
  expect(new Keep(disk, 1).pending()).toBeUndefined();
  expect(disk.files.size).toBe(0);
});

test('a typed card number never reaches the disk', () => {
  new Keep(disk, 1).hold('key-1', '{"number":"6034000000000018"}', true);
  expect([...disk.files.values()].join()).not.toContain('6034000000000018');
  expect(new Keep(disk, 1).pending()).toEqual({ key: 'key-1', body: null });
});

test('lanes do not see each other', () => {
  new Keep(disk, 1).hold('key-1', '{}', false);
  expect(new Keep(disk, 2).pending()).toBeUndefined();
});

test('the basket comes back as it was typed', () => {
  new Keep(disk, 1).keepBasket({ lines: [milk], key: 'key-1' });
  expect(new Keep(disk, 1).basket()).toEqual({ lines: [milk], key: 'key-1' });
});

test('the key of a transfer stays until there is an answer, each lane its own', () => {
  new Keep(disk, 1).holdKey('transfer', 'key-1');
  expect(new Keep(disk, 1).key('transfer')).toBe('key-1');
  expect(new Keep(disk, 2).key('transfer')).toBe('');
  expect(new Keep(disk, 1).key('merge')).toBe('');
  new Keep(disk, 1).holdKey('transfer', undefined);
  expect(disk.files.size).toBe(0);
});

test('an empty basket leaves nothing behind', () => {
  const keep = new Keep(disk, 1);
  keep.keepBasket({ lines: [milk], key: '' });
  keep.keepBasket({ lines: [], key: '' });
  expect(disk.files.size).toBe(0);
});

test.each(['', '{', 'null', '7', '{"lines":7}', '{"lines":[{"sku":1}]}', '{"key":7}'])('a damaged record %j is no record', (text) => {
  disk.setItem('loyaltill.basket.1', text);
  disk.setItem('loyaltill.pending.1', text);
  expect(new Keep(disk, 1).basket()).toEqual({ lines: [], key: '' });
  expect(new Keep(disk, 1).pending()).toBeUndefined();
  expect(new Keep(disk, 1).key('basket')).toBe('');
});
