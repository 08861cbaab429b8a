// What the agent tells a customer's display, as docs/display.md has it. Money in minor units, quantities in thousandths.
import type { Lang } from '../shared/format';

export interface Part {
  name: string;
  amount: number;
}

export interface ShownBill {
  lines: { name: string; quantity: number; amount: number }[];
  sum: number;
  reductions?: Part[];
  points?: number;
  value?: number;
  others?: Part[];
  gift_cards?: number;
  to_pay: number;
  earned: number;
  next_reward?: string;
  message?: string;
}

export interface ShownSale {
  paid: number;
  points?: number;
  earned: number;
  balance?: number;
  won?: string[];
  gift_cards?: Part[];
}

export interface Shown {
  lane: number;
  shop: string;
  language: Lang;
  currency: string;
  screen: 'idle' | 'bill' | 'moment' | 'paid';
  prompt?: 'hold' | 'tap_again' | 'pin' | 'help';
  /** Somebody practises at the till. */
  training?: boolean;
  balance?: number;
  bill?: ShownBill;
  paid?: ShownSale;
}
