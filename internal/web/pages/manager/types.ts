// What the agent answers to staff, as agent/api has it.

import type { LaneDevices, Plugged } from '../shared/devices';

export type Right = 'sell' | 'look' | 'jobs' | 'try' | 'fit' | 'figures' | 'close_day' | 'issue' | 'adjust' | 'override' | 'train' | 'trail' | 'administer' | 'diagnose';
export type Light = 'good' | 'warn' | 'stop';

export const ROLES = ['cashier', 'supervisor', 'manager', 'technician'] as const;
export type Role = (typeof ROLES)[number];

export interface Staff {
  number: number;
  name: string;
  role: Role;
  language?: string;
  since: string;
  ended?: string;
  wait_until?: string;
  own_card?: boolean;
}

export interface Session {
  token?: string;
  staff: Staff;
  rights: Right[];
}

export interface Part {
  what: string;
  lane?: number;
  name?: string;
  light: Light;
  since?: string;
  count?: number;
  message: string;
}

export interface Overview {
  light: Light;
  message: string;
  parts: Part[];
}

export interface Question {
  number: number;
  text: string;
  expect?: string;
}

export interface Kind {
  id: string;
  name: string;
  value?: number;
}

export interface Printable {
  currency: string;
  coupons: Kind[];
  gift_cards: Kind[];
  reasons: string[];
  wallets: { wallet: string; name: string; money: boolean }[];
}

export interface Batch {
  seq: number;
  coupon: string;
  count: number;
  day: string;
  cashier?: string;
  valid_to: string;
  printed: number;
  waiting: number;
  doubtful: number;
  void: number;
  used: number;
}

/** One coupon of a batch. */
export interface CouponPaper {
  number: number;
  serial: string;
  used?: number;
  void?: boolean;
}

export interface BatchPapers extends Batch {
  papers: CouponPaper[];
}

export interface Totals {
  sales?: number;
  total?: number;
  to_pay?: number;
  earned?: number;
  redeemed?: number;
  value?: number;
  tenders?: { kind: string; count: number; amount: number }[];
}

export interface Flow {
  wallet?: string;
  name?: string;
  money?: boolean;
  why: string;
  gave?: number;
  took?: number;
}

export interface Figures {
  day: string;
  totals?: Totals;
  flows: Flow[];
  closed: { day: string; totals: Totals }[];
}

export interface Version {
  digest: string;
  version: number;
  name: string;
  valid_from: string;
  in_force: boolean;
  published?: string;
  arrived?: string;
  effective: string;
  told: readonly string[];
}

export interface Act {
  id: number;
  at: string;
  staff: number;
  name: string;
  second?: number;
  what: string;
  about?: string;
  before?: string;
  after?: string;
  refused?: string;
}

export interface Alert {
  alert: string;
  kind: 'card_often' | 'own_card' | 'by_hand' | 'bill_twice';
  day: string;
  member?: number;
  number?: string;
  who?: string;
  count: number;
  points: number;
  evidence: { seq: number; at: string; lane?: number; cashier?: string; points: number; total?: number; reason?: string }[];
  seen?: { at: string; by: string; because: string };
}

/** Web pages of other servers: those that may call, and those that ask. */
export interface Origins {
  allowed: readonly { origin: string; since: string; staff: number }[];
  asking: readonly { origin: string; code: string; until: string }[];
}

export interface GiftCard {
  serial: string;
  kind: string;
  state: 'live' | 'spent' | 'off';
  balance: number;
  expires?: string;
  uses: number;
}

/** What is plugged in, whose it is, and what became of the last change. */
export interface Fit extends Plugged {
  lanes: LaneDevices[];
  restart: { state: 'none' | 'waiting' | 'later' };
  restart_message?: string;
  failed?: string;
  commissioned: { lane: number; at: string; name: string; model?: string; answers: { text: string; yes: boolean }[] }[];
}
