// Writing figures for people, as CLDR has it for their language. Amounts stay whole numbers up to the last step.

export const LANGUAGES = ['en', 'lv', 'pl', 'et', 'fa', 'hy'] as const;
export type Lang = (typeof LANGUAGES)[number];

export const LANGUAGE_NAMES: Record<Lang, string> = {
  en: 'English', lv: 'Latviešu', pl: 'Polski', et: 'Eesti', fa: 'فارسی', hy: 'Հայերեն',
};

export function isLang(text: string): text is Lang {
  return (LANGUAGES as readonly string[]).includes(text);
}

export function direction(lang: Lang): 'ltr' | 'rtl' {
  return lang === 'fa' ? 'rtl' : 'ltr';
}

/** The locale of a language: English dates and times are written as in Europe. */
export function locale(lang: Lang): string {
  return lang === 'en' ? 'en-GB' : lang;
}

/**
 * Some builds of Chromium come without Armenian and would write its figures the English way. Estonian groups and places them
 * as Armenian does; only its minus sign is another, and it has no sign for the dram.
 */
const TWIN = 'et';
const TWIN_MINUS = '\u2212';
const DRAM = 'AMD';

/** Dates in figures, as they stand on the paper, where the browser lacks the language. */
const PLAIN_DATES = 'de';
export const FIGURES: Intl.DateTimeFormatOptions = { day: '2-digit', month: '2-digit', year: 'numeric' };

function known(lang: Lang): boolean {
  return Intl.NumberFormat.supportedLocalesOf(lang).length > 0;
}

// Making a formatter costs far more than using it.
const made = new Map<string, Intl.NumberFormat>();

function formatter(name: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = name + JSON.stringify(options);
  let format = made.get(key);
  if (!format) {
    format = new Intl.NumberFormat(name, options);
    made.set(key, format);
  }
  return format;
}

/** Writes a figure; without the language itself by its twin. */
export function figure(lang: Lang, options: Intl.NumberFormatOptions, value: number | Intl.StringNumericLiteral, has = known(lang)): string {
  if (has) return formatter(lang, options).format(value);
  const short = options.currency === DRAM ? { ...options, currencyDisplay: 'narrowSymbol' as const } : options;
  return formatter(TWIN, short).format(value).replace(TWIN_MINUS, '-');
}

/** How many decimals a currency has. */
export function currencyDecimals(currency: string): number {
  return formatter('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
}

/** A decimal text that Intl reads exactly, however many digits it has. */
function exact(value: number, decimals: number): Intl.StringNumericLiteral {
  const digits = String(Math.abs(value)).padStart(decimals + 1, '0');
  const cut = digits.length - decimals;
  return `${value < 0 ? '-' : ''}${digits.slice(0, cut)}.${digits.slice(cut)}0` as Intl.StringNumericLiteral;
}

export function money(lang: Lang, minor: number, currency: string): string {
  return figure(lang, { style: 'currency', currency }, exact(minor, currencyDecimals(currency)));
}

/** An amount without its currency, for columns and fields. */
export function amount(lang: Lang, minor: number, currency: string): string {
  const decimals = currencyDecimals(currency);
  return figure(lang, { minimumFractionDigits: decimals, maximumFractionDigits: decimals }, exact(minor, decimals));
}

export function whole(lang: Lang, n: number): string {
  return figure(lang, { maximumFractionDigits: 0 }, n);
}

/** A number that names something, digit by digit. */
export function digits(lang: Lang, text: string): string {
  return text.replace(/[0-9]/g, (d) => whole(lang, Number(d)));
}

/** What a wallet holds: money, or points of its own. */
export function wallet(lang: Lang, n: number, currency?: string): string {
  return currency === undefined ? whole(lang, n) : money(lang, n, currency);
}

/** A change in points always shows its sign. */
export function signed(lang: Lang, n: number): string {
  return figure(lang, { maximumFractionDigits: 0, signDisplay: 'exceptZero' }, n);
}

/** A quantity in thousandths: 350 is 0.35. */
export function quantity(lang: Lang, thousandths: number): string {
  return figure(lang, { maximumFractionDigits: 3 }, exact(thousandths, 3));
}

/** A rate in basis points: 2100 is 21 %. */
export function percent(lang: Lang, basisPoints: number): string {
  return figure(lang, { style: 'percent', maximumFractionDigits: 2 }, exact(basisPoints, 4));
}

let timeZone: string | undefined;

/** From now on moments are told by the store's clock, as on its paper, wherever the page is open; before that by the browser's. */
export function tellTimesIn(zone: string): void {
  try {
    new Intl.DateTimeFormat(PLAIN_DATES, { timeZone: zone });
    timeZone = zone;
  } catch {
    timeZone = undefined; // younger than this browser's list of zones
  }
}

/** A moment: only the time of day when it is today's. */
export function moment(lang: Lang, at: Date, now: Date): string {
  const time: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone };
  const days = new Intl.DateTimeFormat(PLAIN_DATES, { ...FIGURES, timeZone });
  const today = days.format(at) === days.format(now);
  const date: Intl.DateTimeFormatOptions = known(lang) ? { day: 'numeric', month: 'short' } : FIGURES;
  return new Intl.DateTimeFormat(known(lang) ? locale(lang) : PLAIN_DATES, today ? time : { ...date, ...time }).format(at);
}

/** The last day of something, with its year: it may be far away. */
export function date(lang: Lang, iso: string): string {
  return calendarDay(lang, iso, { day: 'numeric', month: 'long', year: 'numeric' });
}

/** A business day, "2026-11-22", which is a date and no moment: it is the same in every time zone. */
export function day(lang: Lang, iso: string): string {
  return calendarDay(lang, iso, { weekday: 'short', day: 'numeric', month: 'long' });
}

export function calendarDay(lang: Lang, iso: string, options: Intl.DateTimeFormatOptions): string {
  const at = new Date(iso + 'T00:00:00Z');
  if (Number.isNaN(at.getTime())) return iso;
  if (!known(lang)) return new Intl.DateTimeFormat(PLAIN_DATES, { ...FIGURES, timeZone: 'UTC' }).format(at);
  return new Intl.DateTimeFormat(locale(lang), { ...options, timeZone: 'UTC' }).format(at);
}
