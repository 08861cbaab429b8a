// What is not on the first screen: loaded right behind it, so that it is here before anybody can ask for it.
export { default as Dialogs } from './Dialogs.svelte';
export { default as LockDialog } from './dialogs/LockDialog.svelte';
export { default as DonePanel } from './DonePanel.svelte';
export { default as MemberPanel } from './MemberPanel.svelte';
export { default as OffersPanel } from './OffersPanel.svelte';
export { default as PointsPanel } from './PointsPanel.svelte';
export { default as Reductions } from './Reductions.svelte';
export { default as Remedies } from './Remedies.svelte';
export { default as Signals } from './Signals.svelte';
export { default as SignIn } from './SignIn.svelte';
export { default as WaitingPanel } from './WaitingPanel.svelte';
export { default as WhyPanel } from './WhyPanel.svelte';
