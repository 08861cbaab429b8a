// What is plugged in and the lanes that get it, as agent/setup and agent/api have them.

/** How a reader is found again; the fields say by what. */
export type Selector = Readonly<Partial<Record<'serial' | 'usb' | 'name' | 'link', string>>>;

export interface LanePrinter {
  device: string;
  profile?: string;
  baud?: number;
  serial?: string;
}

export interface LaneDevices {
  number: number;
  name: string;
  reader?: Selector;
  pin?: string;
  printer?: LanePrinter;
}

export interface Plugged {
  readers: { name: string; reader: Selector; card: boolean }[];
  reader_message?: string;
  printers: { name: string; device: string }[];
}

/** A selector as one word, for comparing and for options of a list. */
export function readerWord(s: Selector | undefined): string {
  return s === undefined ? '' : JSON.stringify([s.serial ?? '', s.usb ?? '', s.name ?? '', s.link ?? '']);
}

/** A selector in a person's words, for a reader that is not plugged in now. */
export function readerName(s: Selector): string {
  return Object.values(s).join(' ');
}

/** The number of a lane that is added: the lowest that none has. */
export function freeNumber(lanes: readonly LaneDevices[]): number {
  let n = 1;
  while (lanes.some((l) => l.number === n)) n++;
  return n;
}
