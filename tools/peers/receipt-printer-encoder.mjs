// Prints a document of ours by receipt-printer-encoder: the JSON of escpos.Document comes in on standard input, bytes for
// an Epson of 48 columns go out. Dots that come in, {width, height, dots: base64 of a bit for each}, go out as a picture,
// which is that encoder's only way to letters it has no page for.
import fs from 'node:fs';
import ReceiptPrinterEncoder from '@point-of-sale/receipt-printer-encoder';

const columns = 48;
const encoder = new ReceiptPrinterEncoder({ language: 'esc-pos', columns, codepageMapping: 'epson', imageMode: 'raster' });
const input = JSON.parse(fs.readFileSync(0, 'utf8'));

function picture({ width, height, dots }) {
	const bits = Buffer.from(dots, 'base64');
	const stride = Math.ceil(width / 8);
	const rows = Math.ceil(height / 8) * 8; // it takes whole bytes both ways
	const data = new Uint8ClampedArray(width * rows * 4).fill(255);
	for (let y = 0; y < height; y++) {
		for (let x = 0; x < width; x++) {
			if (bits[y * stride + (x >> 3)] & (0x80 >> (x & 7))) data.fill(0, (y * width + x) * 4, (y * width + x) * 4 + 3);
		}
	}
	encoder.image({ width, height: rows, data }, width, rows, 'threshold');
}

function table(line, width) {
	const cells = line.columns ?? [];
	const widths = cells.map((c, i) => (c.width === -1 ? [...c.text].length + (i > 0 ? 1 : 0) : c.width ?? 0));
	const left = width - widths.reduce((a, b) => a + b, 0);
	const shape = cells.map((c, i) => ({ width: widths[i] || left, align: c.align === 'end' ? 'right' : 'left' }));
	encoder.table(shape, [cells.map((c) => c.text)]);
}

const symbols = {
	code128: (s) => encoder.barcode(s.data, 'code128', { height: s.height ?? 80, width: s.module ?? 3, text: false }),
	ean13: (s) => encoder.barcode(s.data, 'ean13', { height: s.height ?? 80, width: s.module ?? 3, text: false }),
	qr: (s) => encoder.qrcode(s.data, { model: 2, size: s.module ?? 5, errorlevel: 'm' }),
};

function print(line) {
	const { bold = false, width = 1, height = 1 } = line.style ?? {};
	if (line.kind === 'text' || line.kind === 'columns') encoder.bold(bold).width(width).height(height);
	switch (line.kind) {
	case 'text':
		encoder.align({ center: 'center', end: 'right' }[line.align] ?? 'left').line(line.text);
		encoder.align('left');
		break;
	case 'columns': table(line, columns / width); break;
	case 'rule': encoder.rule({ style: 'single', width: columns }); break;
	case 'symbol': encoder.align('center'); symbols[line.symbol.kind](line.symbol); encoder.align('left'); break;
	case 'feed': encoder.newline(line.count); break;
	case 'cut': encoder.cut('partial'); break;
	default: throw new Error(`cannot print ${line.kind}`);
	}
	if (line.kind === 'text' || line.kind === 'columns') encoder.bold(false).width(1).height(1);
}

encoder.initialize();
if (input.dots) picture(input);
else {
	encoder.codepage('auto');
	input.lines.forEach(print);
}
fs.writeSync(1, encoder.encode());
