// Tables of indicators, by a strict reader of RFC 4180: lines end with CRLF, every row has every cell, no cell is a
// formula to a spreadsheet, and what a cell holds is of its kind.
//   node csv.mjs FILE.csv...
import { parse } from 'csv-parse/sync';
import { readFileSync } from 'node:fs';
import { isIPv4, isIPv6 } from 'node:net';
import { each, fault, refuseHidden } from './check.mjs';

const header = ['kind', 'value', 'port', 'proto', 'path', 'size_bytes', 'suspicious', 'techniques', 'context', 'image',
  'image_digest', 'scan_id', 'scanned'];
const kinds = {
  domain: (value) => /^'?[a-z0-9_-]+(\.[a-z0-9_-]+)+$/.test(value),
  ipv4: isIPv4,
  ipv6: isIPv6,
  url: (value) => /^https?:$/.test(new URL(value).protocol) && /^[\x21-\x7e]+$/.test(value),
  file: (value) => /^[0-9a-f]{64}$/.test(value),
};

await each((file) => {
  const bytes = readFileSync(file);
  let rows;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    rows = parse(bytes, { record_delimiter: '\r\n', relax_column_count: false, relax_quotes: false });
  } catch (error) {
    return fault(file, error.message);
  }
  if (rows[0].join() !== header.join()) fault(file, `header ${rows[0].join()}`);
  for (const row of rows.slice(1)) {
    const cell = Object.fromEntries(header.map((name, i) => [name, row[i]]));
    refuseHidden(file, row);
    for (const text of row) if (/(^|;)[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/.test(text)) fault(file, `a formula: ${text}`);
    if (!kinds[cell.kind]?.(cell.value)) fault(file, `${cell.kind} ${cell.value}`);
    if (cell.port !== '' && !(Number(cell.port) > 0 && Number(cell.port) < 65536)) fault(file, `port ${cell.port}`);
    if (!['yes', 'no'].includes(cell.suspicious)) fault(file, `suspicious ${cell.suspicious}`);
    if (!/^(T\d{4}(\.\d{3})?( T\d{4}(\.\d{3})?)*)?$/.test(cell.techniques)) fault(file, `techniques ${cell.techniques}`);
    if (Number.isNaN(Date.parse(cell.scanned))) fault(file, `scanned ${cell.scanned}`);
  }
});
