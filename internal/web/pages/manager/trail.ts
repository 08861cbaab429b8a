// The trail keeps what was done in words of its own, the same whoever reads it and in the file that is handed on. The page says those that
// it knows in its reader's language; names, codes and reasons stay as they were typed.
import * as format from '../shared/format';
import type { Lang } from '../shared/format';

type Says = (key: string, args?: Record<string, string | number>) => string;

const WORDS: Readonly<Record<string, string>> = {
  cashier: 'manager.role_cashier',
  supervisor: 'manager.role_supervisor',
  manager: 'manager.role_manager',
  technician: 'manager.role_technician',
  points: 'manager.points',
  printed: 'till.job_printed',
  'not printed': 'till.job_not_printed',
  printer: 'till.printer',
  screen: 'manager.trail_screen',
  return: 'till.return_title',
  void: 'till.void_title',
  'by hand': 'manager.trail_by_hand',
  'time over': 'manager.trail_time_over',
  'agent stopped': 'manager.trail_stopped',
  'agent ended': 'manager.trail_torn',
  'command line': 'manager.trail_machine',
};

export function inWords(lang: Lang, says: Says, text: string): string {
  return text.split(', ').map((part) => one(lang, says, part)).join(lang === 'fa' ? '، ' : ', ');
}

function one(lang: Lang, says: Says, part: string): string {
  const word = WORDS[part];
  if (word !== undefined) return says(word);
  if (/^\d+$/.test(part)) return format.digits(lang, part);
  const [, before = '', figure = '', after = '', last = ''] = /^(lane |job |)([+-]?\d+)( points| min| of |)(\d*)$/.exec(part) ?? [];
  switch (before + after) {
    case 'lane ':
      return `${says('till.lane')} ${format.digits(lang, figure)}`;
    case 'job ':
      return says('manager.trail_job', { id: format.digits(lang, figure) });
    case ' points':
      return `${format.signed(lang, Number(figure))} ${says('till.points_unit', { count: Math.abs(Number(figure)) })}`;
    case ' min':
      return says('manager.trail_minutes', { count: Number(figure) });
    case ' of ':
      return says('manager.trail_of', { some: format.digits(lang, figure), all: format.digits(lang, last) });
  }
  return part;
}
