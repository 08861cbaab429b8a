// Turns changes of the lane into what a cashier hears and a screen reader says.
import { untrack } from 'svelte';
import * as format from '../shared/format';
import type { Health, Lane } from '../shared/types';
import { bill } from './bill.svelte';
import { checkout } from './checkout.svelte';
import { desk } from './desk.svelte';
import { link } from './link.svelte';
import { seen } from './seen.svelte';
import { settings, t } from './settings.svelte';
import { signOf, type Sign } from './signs';

/** Call it while a component is being made. */
export function watch(): void {
  let before: Lane | undefined;
  $effect(() => {
    const now = link.lane;
    const was = before;
    before = now;
    if (!now) return;
    untrack(() => {
      seen.look(now);
      if (!was || now.lane !== was.lane) opened(now);
      else changed(was, now);
    });
  });
  whenever(() => link.state === 'lost', 'agent_restarting', () => t('till.agent_away'));
  whenever(() => link.sync?.state === 'offline', 'offline', () => t('till.offline_since', { at: since() }));
  whenever(() => link.office === 'attention', 'office_fault', () => t('till.sync_trouble'));
  whenever(() => link.practice !== '', 'training', () => t('till.training_strip'));
}

function since(): string {
  return format.moment(settings.lang, new Date(link.sync?.since ?? Date.now()), new Date());
}

/** Tells when something begins to be so, and says it no longer than it is. */
function whenever(holds: () => boolean, sign: Sign, text: () => string): void {
  let told = '';
  $effect(() => {
    if (holds() === (told !== '')) return;
    untrack(() => {
      if (told !== '') {
        if (desk.said === told) desk.say('');
        told = '';
        return;
      }
      settings.speaker.state(sign);
      desk.say((told = text()));
    });
  });
}

function opened(lane: Lane): void {
  settings.speaker.state(ill(lane.reader) ? seen.sign(lane) : ill(lane.printer) ? signOf(lane.printer.code) : undefined);
}

function ill(device: Health): boolean {
  return device.state !== 'ok' && device.state !== '' && device.code !== undefined && device.code !== '';
}

function changed(was: Lane, now: Lane): void {
  memberChanged(was, now);
  cardChanged(was, now);
  healthChanged(was.reader, now.reader, seen.sign(now));
  healthChanged(was.printer, now.printer, signOf(now.printer.code));
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
    case 'pin':
    case 'pin_entry':
      settings.speaker.refuse(now.card.code);
      desk.say(settings.sentence(now.card.code, now.card.message));
      break;
    case 'none':
    case 'reading':
      break;
  }
}

function healthChanged(was: Health, now: Health, sign: Sign): void {
  if (was.state === now.state && was.code === now.code) return;
  settings.speaker.state(ill(now) ? sign : undefined);
  if (!ill(now)) return;
  desk.say(sign === 'reader_lost' ? t('till.reader_lost') : settings.sentence(now.code, now.message));
}
