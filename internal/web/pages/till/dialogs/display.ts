// Opening the customer's display, on the other screen where the browser tells of one.

interface Place {
  availLeft: number;
  availTop: number;
  availWidth: number;
  availHeight: number;
}

/** Window Management: only some browsers have it, and they ask the cashier once. */
interface Screens {
  getScreenDetails?: () => Promise<{ screens: readonly Place[]; currentScreen: Place }>;
}

/** One window for each lane: opened a second time it is the same. False when the browser opens none. */
export async function display(at: { address: string }, lane: number): Promise<boolean> {
  const found = await (window as Screens).getScreenDetails?.().catch(() => undefined); // refused: the window is moved by hand
  const other = found?.screens.find((s) => s !== found.currentScreen);
  const place = other ? `,left=${other.availLeft},top=${other.availTop},width=${other.availWidth},height=${other.availHeight}` : '';
  return window.open(at.address, `loyaltill-display-${lane}`, `popup${place}`) !== null;
}
