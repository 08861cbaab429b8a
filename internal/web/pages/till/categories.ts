// The short list of categories for the form; any other path may be typed after #.
import { t } from './settings.svelte';

const TEXTS: Readonly<Record<string, string>> = {
  food: 'till.category_food',
  'food/dairy': 'till.category_dairy',
  'food/bread': 'till.category_bread',
  'food/produce': 'till.category_produce',
  'food/meat': 'till.category_meat',
  'food/drinks': 'till.category_drinks',
  alcohol: 'till.category_alcohol',
  tobacco: 'till.category_tobacco',
  household: 'till.category_household',
};

/** What a category is called; one that is not on the list goes by its path. */
export function categoryName(category: string): string {
  const key = TEXTS[category];
  return key === undefined ? category : t(key);
}
