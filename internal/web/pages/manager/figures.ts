// What somebody counted, held against what is booked.

/** How far a typed amount is from the booked one, in whole units; nothing while it is no amount. */
export function amountOf(typed: string, decimals: number, booked: number): number | undefined {
  const text = typed.trim().replace(',', '.');
  const form = decimals > 0 ? new RegExp(`^-?\\d{1,12}(\\.\\d{1,${decimals}})?$`) : /^-?\d{1,15}$/;
  if (!form.test(text)) return undefined;
  const [units = '0', part = ''] = text.replace('-', '').split('.');
  const minor = Number(units + part.padEnd(decimals, '0'));
  return (text.startsWith('-') ? -minor : minor) - booked;
}
