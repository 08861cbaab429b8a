// Reading figures that a person typed: any decimal sign, any digits that our languages use, never a float.

/** A figure as a whole number of its smallest units. */
export type Scaled = number;

const PERSIAN_ZERO = 0x06f0;
const ARABIC_ZERO = 0x0660;

/** Writes Persian and Arabic digits and signs as ASCII, so that what follows has one alphabet to read. */
export function ascii(text: string): string {
  let out = '';
  for (const c of text) {
    const at = c.codePointAt(0) ?? 0;
    if (at >= PERSIAN_ZERO && at <= PERSIAN_ZERO + 9) out += String(at - PERSIAN_ZERO);
    else if (at >= ARABIC_ZERO && at <= ARABIC_ZERO + 9) out += String(at - ARABIC_ZERO);
    else if (c === '٫') out += '.';
    else if (c === '٬') out += ' ';
    else if (c === '٪') out += '%';
    else out += c;
  }
  return out;
}

/** One figure: digits, then at most one decimal sign and more digits. */
const FIGURE = /^(\d*)(?:[.,](\d*))?$/;

/**
 * Reads "1,29" with two decimals as 129. Undefined when it is no figure, or has more decimals than there are units for, or
 * is larger than the limit.
 */
export function parseScaled(text: string, decimals: number, limit: number): Scaled | undefined {
  const found = FIGURE.exec(ascii(text).replace(/[\s\u00a0\u202f]/g, ''));
  const whole = found?.[1] ?? '';
  const part = found?.[2] ?? '';
  if (!found || whole + part === '' || part.length > decimals || whole.length > 15) return undefined;
  const value = BigInt(whole + part.padEnd(decimals, '0'));
  return value <= BigInt(limit) ? Number(value) : undefined;
}

/** Writes a scaled figure plainly, for an input field: 350 with three decimals is "0.35". */
export function plain(value: Scaled, decimals: number, least = 0): string {
  const digits = String(Math.abs(value)).padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  let part = decimals === 0 ? '' : digits.slice(-decimals);
  while (part.length > least && part.endsWith('0')) part = part.slice(0, -1);
  return (value < 0 ? '-' : '') + whole + (part === '' ? '' : '.' + part);
}
