// Reads a closed day's Parquet file by hyparquet, a reader that was not written with our writer, works every column out again from the
// NDJSON as docs/nightly.md says, and prints each value that is not the same; at the end how many were compared.
// nightly.mjs PARQUET NDJSON
import fs from 'node:fs';
import { parquetMetadata, parquetReadObjects, parquetSchema } from 'hyparquet';
import { decompress } from 'fzstd';

const [parquetPath, logPath] = process.argv.slice(2);
const bytes = fs.readFileSync(parquetPath);
const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);

const types = Object.fromEntries(parquetSchema(parquetMetadata(file)).children.map(({ element: e }) => [e.name, e.converted_type ?? e.type]));
const rows = await parquetReadObjects({ file, compressors: { ZSTD: (input) => decompress(input) } });
const lines = fs.readFileSync(logPath, 'utf8').split('\n').slice(0, -1);

const points = (account) => /^member\/\d+\/points\/\w+$/.test(account);

function net(moves = []) {
	return moves.reduce((sum, m) => sum + (points(m.to) ? m.points : 0) - (points(m.from) ? m.points : 0), 0);
}

// expected is the row of an entry, without what only head office knows.
function expected(line) {
	const e = JSON.parse(line);
	if (e.v !== 1) return { kind: 'unknown', points: 0, lines: 0 };
	const { sale, payment } = e;
	const back = e.return;
	const told = sale ?? back ?? payment;
	const of = back ?? payment;
	const row = {
		store: e.store, epoch: e.epoch, seq: e.seq, business_day: e.day, at: new Date(e.at).toISOString(), kind: e.kind, txn: e.txn,
		lane: e.lane, cashier: e.cashier, member: e.member, points: net(e.moves), lines: 0,
		programme: told?.programme, currency: told?.currency, medium: told?.medium, tier: told?.tier,
		sold_store: of?.store, sold_epoch: of?.epoch, sold_seq: of?.seq,
	};
	if (sale) {
		Object.assign(row, { total: sale.total ?? 0, reduced: sale.reduced ?? 0, value: sale.value ?? 0, to_pay: sale.to_pay ?? 0,
			earned: sale.earned ?? 0, redeemed: sale.redeemed ?? 0, lines: sale.lines.length });
	}
	if (back) {
		Object.assign(row, { returned: back.money ?? 0, withheld: back.withheld ?? 0, refund: back.refund ?? 0, points_taken: back.taken ?? 0,
			points_back: back.back ?? 0, lines: (back.lines ?? []).length + (back.unbilled ?? []).length });
	}
	return row;
}

// shown is a value of the Parquet file as the NDJSON writes it.
function shown(name, value) {
	if (typeof value === 'bigint') return Number(value);
	if (value instanceof Date) return name === 'business_day' ? value.toISOString().slice(0, 10) : value.toISOString();
	return value ?? undefined;
}

let compared = 0;
const wrong = [];
if (rows.length !== lines.length) wrong.push(`${rows.length} rows of ${lines.length} entries`);
lines.slice(0, rows.length).forEach((line, i) => {
	const want = expected(line);
	for (const name of Object.keys(types)) {
		if (name === 'counted' || (want.kind === 'unknown' && ['store', 'epoch', 'seq'].includes(name))) continue;
		const got = shown(name, rows[i][name]);
		if (got !== want[name]) wrong.push(`row ${i} ${name}: ${got}, the entry has ${want[name]}`);
		compared++;
	}
});
process.stdout.write(JSON.stringify({ types, rows: rows.length, counted: rows.filter((r) => r.counted).length, compared, wrong }));
