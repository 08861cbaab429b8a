// Short sounds made on the spot, so that there is nothing to load. Each says in another shape what the screen says too.

export type Sound = 'card' | 'done' | 'refused' | 'attention';

interface Note {
  hz: number;
  at: number; // seconds from the start
  for: number;
}

// Rising is good, falling is bad, repeated wants something: distinct also for those who hear no pitch well.
const SOUNDS: Record<Sound, readonly Note[]> = {
  card: [{ hz: 880, at: 0, for: 0.09 }],
  done: [{ hz: 659, at: 0, for: 0.1 }, { hz: 988, at: 0.11, for: 0.18 }],
  refused: [{ hz: 294, at: 0, for: 0.14 }, { hz: 196, at: 0.15, for: 0.26 }],
  attention: [{ hz: 587, at: 0, for: 0.09 }, { hz: 587, at: 0.16, for: 0.09 }, { hz: 587, at: 0.32, for: 0.09 }],
};

const LOUDNESS = 0.12;

export class Speaker {
  #context: AudioContext | undefined;
  muted = false;

  /** Browsers let a page sound only after somebody has touched it; call this from a key or a tap. */
  wake(): void {
    this.#context ??= new AudioContext();
    if (this.#context.state === 'suspended') void this.#context.resume();
  }

  play(sound: Sound): void {
    const context = this.#context;
    if (this.muted || context?.state !== 'running') return;
    for (const note of SOUNDS[sound]) {
      const start = context.currentTime + note.at;
      const gain = context.createGain();
      gain.gain.setValueAtTime(0, start);
      gain.gain.linearRampToValueAtTime(LOUDNESS, start + 0.01); // no clicks
      gain.gain.linearRampToValueAtTime(0, start + note.for);
      const tone = context.createOscillator();
      tone.frequency.value = note.hz;
      tone.connect(gain).connect(context.destination);
      tone.start(start);
      tone.stop(start + note.for);
    }
  }
}
