// Every state that the till can be in, each with a picture, a text and a sound of its own: no one of the three ever stands alone.
// docs/till.md shows this table. It is loaded behind the first screen.

/** A tone and how long it lasts, in milliseconds; 0 Hz is a rest. */
export type Note = readonly [hz: number, ms: number];

export interface Meaning {
  picture: string; // strokes on a grid of 24
  text: string; // key of what is said when no code says more
  notes: readonly Note[];
  codes?: string; // of the agent, that mean this; separated by spaces
}

const SHORT = 70;
const LONG = 220;
const GAP = 60;
const WIDE = 180;

/**
 * Writes a rhythm as dots and dashes, a space for a wide gap, with a tone for each: rhythms tell signs apart for those
 * who hear no pitch well, pitches for those who miss the rhythm in the noise.
 */
function rhythm(strokes: string, ...hz: readonly number[]): readonly Note[] {
  const notes: Note[] = [];
  let at = 0;
  for (const stroke of strokes) {
    if (stroke === ' ') {
      notes.push([0, WIDE]);
      continue;
    }
    if (notes.length > 0 && notes.at(-1)?.[0] !== 0) notes.push([0, GAP]);
    notes.push([hz[at++] ?? 0, stroke === '-' ? LONG : SHORT]);
  }
  return notes;
}

export const SIGNS = {
  card: {
    picture: 'M3 6h18v12H3zM3 10h4v4H3M11 12.5l2.5 2.5 4.5-5',
    text: 'till.card_in_reader', notes: [[880, 90]],
  },
  done: {
    picture: 'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM8 12.5l3 3 5.5-6.5',
    text: 'till.done', notes: [[659, 100], [0, 10], [988, 180]],
  },
  refused: {
    picture: 'M8.5 3.5h7l5 5v7l-5 5h-7l-5-5v-7zM12 7.5v5.5M12 16v.3',
    text: 'cashier.field_invalid', notes: [[294, 140], [0, 10], [196, 260]],
  },
  attention: {
    picture: 'M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10.5 21h3M12 5V3.5',
    text: 'till.basket_came', notes: rhythm('...', 587, 587, 587),
  },
  no_reader: {
    picture: 'M4 8.5h16V18H4zM8 13h5M3.5 3.5l17 17',
    text: 'cashier.reader_absent', notes: rhythm('-..', 330, 494, 494), codes: 'reader_absent reader_not_built',
  },
  reader_lost: {
    picture: 'M7 3v5M12 3v5M4.5 8h10v3a5 5 0 0 1-10 0zM9.5 16v5M16 15l5 5M21 15l-5 5',
    text: 'till.reader_lost', notes: rhythm('-.', 523, 262),
  },
  reader_fault: {
    picture: 'M3 8h12v10H3zM6 13h5M19.5 8v7M19.5 18v.3',
    text: 'cashier.reader_stuck', notes: rhythm('-.-', 370, 466, 370),
    codes: 'reader_service_down reader_service_hangs reader_service_denied reader_stuck reader_ambiguous reader_taken reader_busy reader_link_unavailable pinpad_missing pinpad_failed',
  },
  card_unreadable: {
    picture: 'M3 5.5h18v13H3zM9.8 10a2.2 2.2 0 1 1 3 2.1c-.7.3-.8.7-.8 1.4M12 15.8v.3',
    text: 'cashier.card_unreadable', notes: rhythm('....', 440, 415, 392, 370),
    codes: 'card_unreadable card_mute card_answer_long card_random card_unknown card_wrong_issuer payment_card card_in_training',
  },
  blocked: {
    picture: 'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM6 6l12 12',
    text: 'cashier.card_blocked', notes: rhythm('--', 196, 165),
    codes: 'card_blocked card_expired card_counterfeit card_copied card_terminated card_issuer_revoked member_erased pin_blocked puk_blocked puk_not_set',
  },
  pin_entry: {
    picture: 'M6 3h12v18H6zM9.4 7.5h.2M12 7.5h.2M14.6 7.5h.2M9.4 12h.2M12 12h.2M14.6 12h.2M12 16.5h.2',
    text: 'cashier.pin_on_reader', notes: rhythm('..', 784, 784), codes: 'pin_on_reader pin_needed pin_not_set',
  },
  pin_wrong: {
    picture: 'M3.5 11h11v9h-11zM5.5 11V8a3.5 3.5 0 0 1 7 0v3M17 12l4 4M21 12l-4 4',
    text: 'cashier.pin_wrong', notes: rhythm('..-', 330, 330, 247),
    codes: 'pin_wrong pin_wrong_untold pin_last_try pin_format pins_differ pin_cancelled pin_timeout puk_wrong staff_pin_wrong staff_wait',
  },
  hold_card: {
    picture: 'M4 4h14v8H4zM4 7h14M6 15.5a9.5 9.5 0 0 0 10 0M4.5 18.5a13 13 0 0 0 13 0',
    text: 'cashier.card_needed', notes: rhythm('-', 698), codes: 'card_needed card_answer_cut',
  },
  tap_again: {
    picture: 'M3 4h12v8H3zM3 7h12M20.8 17a4.6 4.6 0 1 1-1.7-3.6M21 10.5v3.2h-3.2',
    text: 'cashier.card_tap_again', notes: rhythm('. .', 784, 988), codes: 'card_tap_again card_session_stale card_unproved',
  },
  offline: {
    picture: 'M4 20V9l8-4.5L20 9v11M9 20v-5h6M3.5 3.5l17 17',
    text: 'till.offline_since', notes: rhythm('- -', 494, 392), codes: 'office_away',
  },
  office_fault: {
    picture: 'M3 20V9.5L9.5 5 16 9.5V20zM7 20v-5h5v5M20 9v6M20 18v.3',
    text: 'till.sync_trouble', notes: rhythm('.-.', 494, 392, 494),
  },
  paper_low: {
    picture: 'M4 4h11v4H4zM5.5 8v12l2-1.5 2 1.5 2-1.5 2 1.5V8M19 10v9M16.5 16.5 19 19l2.5-2.5',
    text: 'cashier.printer_paper_low', notes: rhythm('. ..', 294, 349, 349), codes: 'printer_paper_low',
  },
  paper_out: {
    picture: 'M7 9V4h10v5M7 16H4V9h16v7h-3M9 14.5l6 6M15 14.5l-6 6',
    text: 'cashier.printer_paper_out', notes: rhythm('.. ..', 349, 262, 349, 262), codes: 'printer_paper_out',
  },
  cover_open: {
    picture: 'M4 11h16v8H4zM4 11 17 3.5M8 15h8',
    text: 'cashier.printer_cover_open', notes: rhythm('.--', 262, 349, 392), codes: 'printer_cover_open',
  },
  printer_fault: {
    picture: 'M6 9V4h8v5M6 16H3V9h14v7h-3M6 13.5h8V20H6zM20.5 8v6M20.5 17v.3',
    text: 'cashier.printer_absent', notes: rhythm('--.', 262, 220, 175),
    codes: 'printer_absent printer_silent printer_cutter printer_hot printer_feed_button printer_failed printer_stalled printer_resync printer_no_permission printer_port_taken printer_port_stuck printer_bad_device printer_wrong_speed printer_refused printer_another printer_slow printer_missing job_interrupted job_expired job_unprintable',
  },
  uncertain_print: {
    picture: 'M5.5 3h13v18l-2.2-1.5L14 21l-2-1.5L10 21l-2.3-1.5L5.5 21zM9.8 8.5a2.2 2.2 0 1 1 3 2.1c-.7.3-.8.7-.8 1.4M12 15v.3',
    text: 'cashier.job_uncertain', notes: rhythm('. -', 392, 494), codes: 'job_uncertain printer_one_way',
  },
  agent_restarting: {
    picture: 'M19.5 12a7.5 7.5 0 1 1-2.3-5.4M20 3.5v4.7h-4.7M12 8v4.3l2.8 1.6',
    text: 'till.agent_away', notes: rhythm('---', 392, 440, 494), codes: 'agent_restarting',
  },
  training: {
    picture: 'M2.5 9.5 12 5l9.5 4.5L12 14zM6.5 11.5v5c3 2.6 8 2.6 11 0v-5M21.5 9.5v6',
    text: 'till.training_strip', notes: rhythm('...-', 523, 587, 659, 523), codes: 'lane_in_training',
  },
  limit_reached: {
    picture: 'M4 4.5h16M12 20.5v-12M7 13.5l5-5 5 5',
    text: 'cashier.too_much', notes: rhythm('-...', 440, 330, 330, 330),
    codes: 'too_much too_often member_limit member_lots basket_full baskets_full return_more_than_sold',
  },
  override: {
    picture: 'M9 4.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM2.5 20a6.5 6.5 0 0 1 13 0M15.5 12.5l2.2 2.2 4-4.7',
    text: 'till.override_title', notes: rhythm('.-..', 523, 659, 523, 659), codes: 'approval_needed second_needed sign_in_needed session_over training_staff',
  },
} as const satisfies Record<string, Meaning>;

export type Sign = keyof typeof SIGNS;

export const NAMES = Object.keys(SIGNS) as Sign[];

const BY_CODE = new Map(NAMES.flatMap((name) => ((SIGNS[name] as Meaning).codes ?? '').split(' ').map((code) => [code, name] as const)));

/** What a code of the agent means at the till. One that means nothing of its own is a call that was refused. */
export function signOf(code: string | undefined): Sign {
  return (code !== undefined && BY_CODE.get(code)) || 'refused';
}
