import { expect, test } from 'vitest';
import { EventParser } from './sse';

test('whole events come out, whatever the pieces', () => {
  const stream = ': hello\n\nevent: lane\ndata: {"lane":1}\n\ndata: a\r\ndata:b\r\n\r\nevent: sync\rdata: {}\r\rid: 7\n\n';
  const want = [
    { event: 'lane', data: '{"lane":1}' },
    { event: 'message', data: 'a\nb' },
    { event: 'sync', data: '{}' },
  ];
  for (let size = 1; size <= stream.length; size++) {
    const parser = new EventParser();
    const got = [];
    for (let at = 0; at < stream.length; at += size) got.push(...parser.push(stream.slice(at, at + size)));
    expect(got, `pieces of ${size}`).toEqual(want);
  }
});

test('an event that the stream did not end is not told', () => {
  expect(new EventParser().push('event: lane\ndata: {"lane":1}\n')).toEqual([]);
});

test('an endless event is refused', () => {
  const parser = new EventParser();
  expect(() => {
    for (let i = 0; i < 40; i++) parser.push('x'.repeat(1 << 16));
  }).toThrow(RangeError);
});
