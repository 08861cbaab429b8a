// A sale to a member known by number, as a till makes it: quote, write the key down, commit, and ask again until there is an answer.
// Node 18 and nothing else; agent.d.ts is made from ../agent.openapi.yaml.
//   npx tsc --outDir out sale.ts && LOYALTILL_TOKEN_FILE=.../api.token node out/sale.js 6034000000000018
import { randomUUID } from "node:crypto";
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { components } from "./agent";

type Problem = components["schemas"]["Problem"];
type Quote = components["schemas"]["QuoteView"];
type Sold = components["schemas"]["SaleView"];
type Bill = components["schemas"]["SaleRequest"];
type Commit = components["schemas"]["CommitRequest"];

const url = process.env.LOYALTILL_URL ?? "http://127.0.0.1:8787";
const token = readFileSync(process.env.LOYALTILL_TOKEN_FILE!, "utf8").trim();
const file = process.env.LOYALTILL_PENDING ?? "sale.pending"; // on the till's disk: a restart finds the sale here
const tries = 5;

// Refused is an answer that is not a success: decide by its code, show its message to the cashier.
class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(`${problem.code}: ${problem.message}`);
  }
}

async function call<T>(path: string, body: unknown, key?: string): Promise<T> {
  const headers: Record<string, string> = { Authorization: `Bearer ${token}`, "Content-Type": "application/json", "Accept-Language": "en" };
  if (key) headers["Idempotency-Key"] = key;
  const answer = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body), signal: AbortSignal.timeout(50_000) });
  const found: unknown = await answer.json();
  if (!answer.ok) throw new Refused(found as Problem);
  return found as T;
}

// commit sends the same key and body until there is an answer: whether the first try went through does not matter.
async function commit(sale: { key: string; body: Commit }): Promise<Sold> {
  for (let n = 1; ; n++) {
    try {
      return await call<Sold>("/v1/lanes/1/sales", sale.body, sale.key);
    } catch (e) {
      if (n === tries || (e instanceof Refused && !e.problem.retryable)) throw e;
      await pause(n * 1000);
    }
  }
}

// begin quotes a bill and writes down what is going to be committed.
async function begin(number: string): Promise<{ key: string; body: Commit }> {
  const bill: Bill = {
    number, cashier: "anna",
    lines: [{ sku: "4750001", name: "Milk 1 l", category: "food/dairy", quantity: 2000, amount: 858, tax: 1200 }],
  };
  const quote = await call<Quote>("/v1/lanes/1/quote", bill);
  console.log(`quote: ${money(quote.to_pay)} to pay, earns ${quote.earned}`);
  const sale = { key: randomUUID(), body: { ...bill, quote: quote.quote, tenders: [{ kind: "cash", amount: quote.to_pay }] } };
  const f = openSync(file, "w", 0o600);
  writeSync(f, JSON.stringify(sale));
  fsyncSync(f);
  closeSync(f);
  return sale;
}

const money = (cents: number) => (cents / 100).toFixed(2);

async function main(number: string) {
  const sale = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : await begin(number);
  const sold = await commit(sale);
  console.log(`sale: ${money(sold.to_pay)} paid, earned ${sold.earned}, balance ${sold.balance}`);
  const again = await commit(sale);
  console.log(again.replayed && again.seq === sold.seq ? "again: the first answer" : "again: another sale");
  rmSync(file);
}

main(process.argv[2]!).catch((e: unknown) => {
  if (!(e instanceof Refused)) throw e;
  console.log(`refused: ${e.message}`);
  if (!e.problem.retryable) rmSync(file, { force: true }); // nothing was sold
});
