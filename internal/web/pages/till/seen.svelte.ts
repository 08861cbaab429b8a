// Which readers were there since the page was opened: one that is gone is another matter than one that never was.
import type { Lane } from '../shared/types';
import { signOf, type Sign } from './signs';

class Seen {
  #lanes = $state.raw<readonly number[]>([]);

  look(lane: Lane): void {
    if (lane.reader.state === 'ok' && !this.#lanes.includes(lane.lane)) this.#lanes = [...this.#lanes, lane.lane];
  }

  sign(lane: Lane): Sign {
    const sign = signOf(lane.reader.code);
    return sign === 'no_reader' && this.#lanes.includes(lane.lane) ? 'reader_lost' : sign;
  }
}

export const seen = new Seen();
