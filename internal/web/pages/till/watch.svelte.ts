// Turns changes of the lane into what a cashier hears and a screen reader says.
import { untrack } from 'svelte';
import type { Health, Lane } from '../shared/types';
import { bill } from './bill.svelte';
import { checkout } from './checkout.svelte';
import { desk } from './desk.svelte';
import { link } from './link.svelte';
import { settings, t } from './settings.svelte';

/** Call it while a component is being made. */
export function watchLane(): void {
  let before: Lane | undefined;
  $effect(() => {
    const now = link.lane;
    const was = before;
    before = now;
    if (!now || !was || now.lane !== was.lane) return;
    untrack(() => {
      memberChanged(was, now);
      cardChanged(was, now);
      healthChanged(was.reader, now.reader);
      healthChanged(was.printer, now.printer);
    });
  });
}

/** What one member wanted to redeem is nothing that the next one has asked for, and a card says more than a typed number. */
function memberChanged(was: Lane, now: Lane): void {
  const tapped = now.card.state === 'ready' && was.card.state !== 'ready';
  if (checkout.locked || !now.member) return;
  if (tapped && bill.typed) {
    bill.typed = undefined;
    bill.forgetMember();
  }
  if (was.member && was.member.id !== now.member.id) bill.forgetMember();
}

function cardChanged(was: Lane, now: Lane): void {
  if (now.card.state === was.card.state && now.card.code === was.card.code && now.member?.id === was.member?.id) return;
  switch (now.card.state) {
    case 'ready':
      if ((was.card.state === 'ready' || was.card.state === 'pin_entry') && now.member?.id === was.member?.id) return;
      settings.speaker.play('card');
      if (now.member) desk.say(t('till.say_member', { count: now.member.balance }));
      if (checkout.phase === 'waiting') void checkout.retry().then((hurdle) => desk.hurdle(hurdle));
      break;
    case 'refused':
    case 'tap_again':
      settings.speaker.play(now.card.state === 'refused' ? 'refused' : 'attention');
      desk.say(settings.sentence(now.card.code, now.card.message));
      break;
    case 'pin_entry':
      desk.say(settings.sentence(now.card.code, now.card.message));
      break;
    case 'none':
    case 'reading':
      break;
  }
}

function healthChanged(was: Health, now: Health): void {
  if (was.state === now.state && was.code === now.code) return;
  if (now.state === 'ok' || now.state === '') return;
  settings.speaker.play('attention');
  desk.say(settings.sentence(now.code, now.message));
}
