// Makes the sounds of the signs on the spot: there is no file to load, and none that could be missing.
import { SIGNS, signOf, type Sign } from './signs';

const LOUDNESS = 0.12;
const MS = 1000;
const EDGE = 0.01; // seconds: no clicks

function sing(context: AudioContext, sign: Sign): void {
  let at = context.currentTime;
  for (const [hz, ms] of SIGNS[sign].notes) {
    const start = at;
    at += ms / MS;
    if (hz === 0) continue;
    const gain = context.createGain();
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(LOUDNESS, start + EDGE);
    gain.gain.linearRampToValueAtTime(0, at);
    const tone = context.createOscillator();
    tone.frequency.value = hz;
    tone.connect(gain).connect(context.destination);
    tone.start(start);
    tone.stop(at);
  }
}

export const signs = { sing, signOf, picture: (sign: Sign) => SIGNS[sign].picture };
