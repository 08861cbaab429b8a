// What the agent answers, as docs/pos-integration.md has it. Money in minor units, quantities in thousandths.

export type HealthState = '' | 'ok' | 'degraded' | 'attention' | 'absent' | 'stuck';

export interface Health {
  state: HealthState;
  code?: string;
  since: string;
  message?: string;
}

export interface Printer extends Health {
  level?: string; // what it can say of a paper
  percent?: number; // of a paper that takes long
}

export interface CardState {
  state: 'none' | 'reading' | 'pin' | 'ready' | 'refused' | 'tap_again' | 'pin_entry';
  code?: string;
  programs?: string; // with reader_busy: who may have the reader
  entry?: 'till' | 'pinpad'; // with pin: where it is typed
  enrols?: boolean; // with member_unknown: the card can become a member's
  message?: string;
}

export interface Member {
  id: number;
  number: string;
  tier?: string;
  language?: string;
  balance: number;
  available: number;
  medium: string;
  by?: 'card' | 'number';
  pin?: { verified: boolean; tries_left: number; blocked: boolean; not_set?: boolean; entry?: 'till' | 'pinpad' };
  as_of?: string;
}

/** What customers agree to who become members. */
export interface Consent {
  version: string;
  text: Partial<Record<string, string>>;
}

export interface Enrolled {
  member: number;
  number: string;
}

export interface Waiting {
  sale: string;
  code: string;
  message?: string;
}

export interface Lane {
  lane: number;
  name: string;
  reader: Health;
  printer: Printer;
  card: CardState;
  member?: Member;
  waiting?: Waiting;
  jobs: number;
  training?: Training;
}

/** A lane at which somebody practises. */
export interface Training {
  since: string;
  until: string;
  by: string;
  print: boolean;
  token?: string;
}

export interface PracticeCard {
  card: number;
  kind: string;
  number: string;
  pin?: string;
  points: number;
  tries_left: number;
  inside: boolean;
}

export interface SyncState {
  state: string;
  code?: string;
  since: string;
  head: number;
  through: number;
}

export interface Status {
  store: number;
  name: string;
  version: string;
  day: string;
  currency: string;
  time_zone: string;
  sync: SyncState;
  lanes: Lane[];
  sign_in: 'none' | 'may' | 'must';
}

export interface StaffMember {
  number: number;
  name: string;
  role: string;
  language?: string;
}

export interface SignedIn {
  token?: string;
  staff: StaffMember;
  rights: string[];
}

export interface Line {
  sku: string;
  name?: string;
  category?: string;
  quantity: number;
  amount: number;
  tax?: number;
  gift_card?: CardLine;
}

/** The line sells a gift card, or puts money on one. */
export interface CardLine {
  kind: string;
  serial: string;
}

export type TenderKind = 'cash' | 'card';

export interface Tender {
  kind: TenderKind | 'gift_card';
  amount: number;
  serial?: string;
}

export interface Ask {
  points?: number;
  all?: boolean;
}

export interface SaleRequest {
  lines: Line[];
  tenders?: Tender[];
  redeem?: Ask;
  wallets?: ({ wallet: string } & Ask)[];
  rewards?: { reward: string }[];
  coupons?: { code: string }[];
  cashier?: string;
  number?: string;
  gift_cards?: { serial: string; off?: number }[];
}

export interface Finding {
  rule?: string;
  code: string;
  applied?: boolean;
  points?: number;
  text: string;
}

/** What lowers the price: a discount, a coupon by its serial, a reward by its points. */
export interface Reduction {
  rule: string;
  name: string;
  serial?: string;
  amount: number;
  points?: number;
  tender?: boolean; // it pays, and the price stays
}

export interface Redemption {
  asked: number;
  max: number;
  points: number;
  value: number;
  clamps: Finding[];
}

/** A wallet beside the points; where it holds money its points are minor units. */
export interface Wallet {
  wallet: string;
  name: string;
  money?: boolean;
  redeem: Redemption;
  earned: number;
}

/** A coupon that was shown, in the order of the request. */
export interface CouponTaken {
  coupon: string;
  name: string;
  serial: string;
  used: boolean;
  amount?: number;
}

export interface Reward {
  reward: string;
  name: string;
  cost: number;
  can_have: boolean;
  missing?: number;
  taken?: boolean;
  why?: Finding;
}

/** Points with the day on which they end or can first be spent. */
export interface Held {
  points: number;
  expires?: string;
  usable?: string;
}

export interface Tier {
  name?: string;
  next?: string;
  next_name?: string;
  have?: number;
  from?: number;
  missing?: number;
  why?: Finding[];
}

export interface Quote {
  quote: string;
  currency: string;
  total: number;
  to_pay: number;
  redeem: Redemption;
  wallets?: Wallet[];
  earned: number;
  expires?: string;
  balance: number;
  available: number;
  pin_needed: boolean;
  why: Finding[];
  reduced?: number;
  reductions?: Reduction[];
  reward_points?: number;
  holds?: Held[];
  rewards?: Reward[];
  coupons?: CouponTaken[];
  tier?: Tier;
  gift_cards?: { serial: string; max: number; pays: number; left: number; code?: string }[];
}

export interface SaleAnswer {
  sale: string;
  seq: number;
  day: string;
  total: number;
  to_pay: number;
  redeemed: number;
  value: number;
  earned: number;
  balance: number;
  job?: number;
  replayed: boolean;
  gift_cards?: { serial: string; paid: number; left: number }[];
  gift_cards_sold?: { serial: string; amount: number; balance: number }[];
  question?: Question;
}

/** What to ask a customer after the sale. */
export interface Question {
  activity: string;
  text: string;
  points: number;
}

/** Something that gives points without a purchase. */
export interface Activity {
  activity: string;
  name: string;
  points: number;
  proof: 'none' | 'text' | 'phone' | 'email';
  referral: boolean;
  question?: string;
  done: boolean;
}

export interface ActivityAnswer {
  points: number;
  usable?: string;
}

/** What a member may give to others now. */
export interface TransferTerms {
  number: string;
  have: number;
  on_card?: number;
  allowed: boolean;
  most?: number;
  month?: number;
  wait_days?: number;
  reasons: string[];
  pin_needed?: boolean;
}

export interface TransferRequest {
  to: string;
  points: number;
  reason: string;
  split?: true;
  number?: string;
  cashier?: string;
}

/** What a transfer would move. */
export interface TransferQuote {
  quote: string;
  points: number;
  lots: Held[];
  usable?: string;
  left: number;
  on_card?: number;
}

export interface TransferAnswer {
  points: number;
  usable?: string;
  job?: number;
}

/** What making one member part of another would bring. */
export interface MergeQuote {
  quote: string;
  number: string;
  gone_number: string;
  points: number;
  balance: number;
  tier?: string;
  wallets: { name: string; money?: boolean; balance: number }[];
  cards?: number;
  more?: boolean;
}

export interface MergeAnswer {
  more?: boolean;
  job?: number;
}

/** How a member stands, as the balance slip has it. */
export interface Account {
  number: string;
  balance: number;
  tier?: string;
  as_of?: string;
  ending: Held[];
  coming: Held[];
  active_until?: string;
  wallets: { name: string; money?: boolean; balance: number; ending: Held[] }[];
  progress: string[];
  stamps: string[];
  cards: number;
}

export interface Lost {
  cards: number;
}

export interface GiftCardKind {
  kind: string;
  name: string;
  values?: number[];
  from?: number;
  to?: number;
  top_up: boolean;
  holder: boolean;
}

export interface GiftCard {
  serial: string;
  kind: string;
  name: string;
  balance: number;
  expires?: string;
  lowers?: boolean;
  code?: string;
}

export interface BlankCards {
  serials: string[];
}

export interface CouponAnswer {
  serial: string;
  value: number;
  currency: string;
  valid_from: string;
  valid_to: string;
  job?: number;
}

export interface CloseAnswer {
  day: string;
  totals: { sales?: number; total?: number; earned?: number; redeemed?: number };
  job?: number;
}

export interface Job {
  id: number;
  lane: number;
  class: string;
  state: string;
  copy: number;
  seq: number;
  created: string;
  level?: string;
  cause?: string;
  detail?: string;
  ask_until?: string;
}

export type Shortage = 'clamp' | 'negative' | 'withhold';

export const VOID_REASONS = ['mistyped', 'twice', 'unpaid', 'customer'] as const;
export type VoidReason = (typeof VOID_REASONS)[number];

/** A sale whose goods come back, or goods without a bill. */
export interface ReturnRequest {
  sale?: string;
  lines?: { line: number; quantity: number }[];
  unbilled?: { sku: string; quantity: number }[];
  void?: VoidReason;
  cashier?: string;
}

export interface ReturnFigures {
  money: number;
  withheld?: number;
  refund: number;
  to_cards?: { card: string; amount: number }[];
  taken?: number;
  short?: number;
  back?: number;
  lapsed?: number;
  why: Finding[];
}

export interface ReturnQuote extends ReturnFigures {
  quote?: string; // absent while nothing is named to come back
  number: string;
  day: string;
  currency: string;
  shortage?: Shortage;
  lines: { line: number; sku?: string; name?: string; quantity: number; left: number; price: number }[];
}

export interface ReturnAnswer extends ReturnFigures {
  number: string;
  currency: string;
  job?: number;
}

/** A line of a sale that waits; with the price of one it can be changed. */
export interface BasketLine extends Line {
  price?: number;
}

export interface Basket {
  lines: BasketLine[];
  coupons?: string[];
  lane?: number;
  by?: number; // the till that set it aside; absent: a POS
  note?: string;
  cashier?: string;
}

export interface BasketSummary {
  id: string;
  lane?: number;
  by?: number;
  taken?: number; // the till that has it
  note?: string;
  cashier?: string;
  lines: number;
  total: number;
  at: string;
}
