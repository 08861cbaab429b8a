// What the till needs of sound before anything else is loaded: the browser's leave to make one.
import type { Sign } from './signs';

/** How states look and sound; loaded behind the first screen. */
export interface Signs {
  sing: (context: AudioContext, sign: Sign) => void;
  signOf: (code: string | undefined) => Sign;
  picture: (sign: Sign) => string;
}

export class Speaker {
  #context: AudioContext | undefined;
  muted = false;
  signs: Signs | undefined;
  #first: Sign | undefined;

  /** Browsers let a page sound only after somebody has touched it; call this from a key or a tap. */
  wake(): void {
    this.#context ??= new AudioContext();
    if (this.#context.state === 'suspended') void this.#context.resume().then(() => this.#tellFirst());
    else this.#tellFirst();
  }

  #tellFirst(): void {
    if (this.#first) this.play(this.#first);
    this.#first = undefined;
  }

  /** How something stands: heard at once, or with the first touch if it still stands so. */
  state(sign: Sign | undefined): void {
    if (!this.#context) this.#first = sign && (this.#first ?? sign);
    else if (sign) this.play(sign);
  }

  play(sign: Sign): void {
    if (!this.muted && this.#context?.state === 'running') this.signs?.sing(this.#context, sign);
  }

  /** The sound of a code, as of a call that was refused. */
  refuse(code: string | undefined): void {
    if (this.signs) this.play(this.signs.signOf(code));
  }
}
