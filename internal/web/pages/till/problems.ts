// Why a typed line cannot be taken, in words.
import type { EntryProblem } from './entry';
import { t } from './settings.svelte';

const TEXTS: Readonly<Record<EntryProblem, string>> = {
  no_price: 'till.entry_no_price',
  price: 'till.entry_price',
  quantity: 'till.entry_quantity',
  tax: 'till.entry_tax',
  category: 'till.entry_category',
  too_large: 'till.entry_too_large',
  name: 'till.entry_name',
  sku: 'till.entry_sku',
};

export function problemText(problem: EntryProblem): string {
  return t(TEXTS[problem]);
}
