// Writes a receipt with everything that receipt-printer-encoder can say, as bytes for a TM-T20III, to standard output.
import ReceiptPrinterEncoder from '@point-of-sale/receipt-printer-encoder'

const encoder = new ReceiptPrinterEncoder({ printerModel: 'epson-tm-t20iii', columns: 48 })
const logo = { width: 16, height: 8, data: new Uint8ClampedArray(16 * 8 * 4).map((_, i) => i % 4 === 3 ? 255 : (i >> 2) % 16 < 8 ? 0 : 255) }

process.stdout.write(encoder
  .initialize().codepage('auto')
  .align('center').image(logo, 16, 8, 'threshold')
  .size(2, 2).line('Veikals Ābols').size(1, 1)
  .bold(true).line('bold').bold(false)
  .underline(true).line('underlined').underline(false)
  .invert(true).line('inverted').invert(false)
  .align('left').line('Rūķīši: Zażółć gęślą jaźń, õun')
  .table([{ width: 36, align: 'left' }, { width: 12, align: 'right' }], [['Ķirbju sēklas', '2,49 €'], ['Piens', '1,29']])
  .rule({ style: 'single' })
  .box({ width: 20, style: 'double' }, 'boxed')
  .align('right').line('KOPĀ 3,78').align('left')
  .barcode('4006381333931', 'ean13', { height: 60, text: true })
  .barcode('{BC7Q2K9XM4', 'code128', 60)
  .qrcode('https://example.lv/k/C7Q2K9XM4', { size: 6, errorlevel: 'm' })
  .newline(2).pulse().cut('partial').encode())
