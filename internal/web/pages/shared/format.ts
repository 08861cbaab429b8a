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
function locale(lang: Lang): string {
  return lang === 'en' ? 'en-GB' : lang;
}

// Making a formatter costs far more than using it.
const made = new Map<string, Intl.NumberFormat>();

function numbers(lang: Lang, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const name = lang + JSON.stringify(options);
  let format = made.get(name);
  if (!format) {
    format = new Intl.NumberFormat(locale(lang), options);
    made.set(name, format);
  }
  return format;
}

/** How many decimals a currency has. */
export function currencyDecimals(currency: string): number {
  return numbers('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
}

/** A decimal text that Intl reads exactly, however many digits it has. */
function exact(value: number, decimals: number): Intl.StringNumericLiteral {
  const digits = String(Math.abs(value)).padStart(decimals + 1, '0');
  const cut = digits.length - decimals;
  return `${value < 0 ? '-' : ''}${digits.slice(0, cut)}.${digits.slice(cut)}0` as Intl.StringNumericLiteral;
}

export function money(lang: Lang, minor: number, currency: string): string {
  const format = numbers(lang, { style: 'currency', currency });
  return format.format(exact(minor, currencyDecimals(currency)));
}

/** An amount without its currency, for columns and fields. */
export function amount(lang: Lang, minor: number, currency: string): string {
  const decimals = currencyDecimals(currency);
  const format = numbers(lang, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  return format.format(exact(minor, decimals));
}

export function whole(lang: Lang, n: number): string {
  return numbers(lang, { maximumFractionDigits: 0 }).format(n);
}

/** A change in points always shows its sign. */
export function signed(lang: Lang, n: number): string {
  return numbers(lang, { maximumFractionDigits: 0, signDisplay: 'exceptZero' }).format(n);
}

/** A quantity in thousandths: 350 is 0.35. */
export function quantity(lang: Lang, thousandths: number): string {
  return numbers(lang, { maximumFractionDigits: 3 }).format(exact(thousandths, 3));
}

/** A rate in basis points: 2100 is 21 %. */
export function percent(lang: Lang, basisPoints: number): string {
  return numbers(lang, { style: 'percent', maximumFractionDigits: 2 }).format(exact(basisPoints, 4));
}

/** A moment: only the time of day when it is today's. */
export function moment(lang: Lang, at: Date, now: Date): string {
  const time: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
  const today = at.toDateString() === now.toDateString();
  return new Intl.DateTimeFormat(locale(lang), today ? time : { day: 'numeric', month: 'short', ...time }).format(at);
}

/** The last day of something, with its year: it may be far away. */
export function date(lang: Lang, iso: string): string {
  return calendarDay(lang, iso, { day: 'numeric', month: 'long', year: 'numeric' });
}

/** A business day, "2026-11-22", which is a date and no moment: it is the same in every time zone. */
export function day(lang: Lang, iso: string): string {
  return calendarDay(lang, iso, { weekday: 'short', day: 'numeric', month: 'long' });
}

function calendarDay(lang: Lang, iso: string, options: Intl.DateTimeFormatOptions): string {
  const at = new Date(iso + 'T00:00:00Z');
  if (Number.isNaN(at.getTime())) return iso;
  return new Intl.DateTimeFormat(locale(lang), { ...options, timeZone: 'UTC' }).format(at);
}
