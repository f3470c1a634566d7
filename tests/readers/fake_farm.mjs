// A farm as `assay gate` sees it, for commands that are to be tried without one: every image has been scanned the moment it is
// submitted, and REPORT is what came of it. Prints its URL once it listens, and lives until its standard input ends.
//   node fake_farm.mjs REPORT TOKEN
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [file, token] = process.argv.slice(2);
const report = readFileSync(file, 'utf8');
const { verdict, score, image } = JSON.parse(report);
const refs = new Map(); // by scan id

function scan(id) {
  return {
    scan_id: id, ref: refs.get(id), state: 'done', lane: 'gate', persona: 'bare', digest: image.digest, verdict, score,
    submitted_ns: 1795576500000000000, attempt: 1, waits: [], pruned: [], labels: {},
  };
}

function answer(request, response, body) {
  const url = new URL(request.url, 'http://farm.example');
  const say = (status, value) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  if (request.headers.authorization !== `Bearer ${token}`) return say(401, { error: { code: 'denied', message: 'no such token' } });
  if (request.method === 'POST' && url.pathname === '/v1/scans') {
    const ids = JSON.parse(body).scans.map(({ ref, lane }) => {
      if (lane !== 'gate') return undefined;
      const id = `20261125T031500-${(refs.size + 1).toString(16).padStart(8, '0')}`;
      refs.set(id, ref);
      return id;
    });
    if (ids.includes(undefined)) return say(400, { error: { code: 'invalid', message: 'not in the lane gate' } });
    return say(202, { scan_ids: ids });
  }
  if (url.pathname === '/v1/events') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const id of refs.keys())
      response.write(`event: state\ndata: ${JSON.stringify({ scan_id: id, state: 'done', verdict, score })}\n\n`);
    return undefined; // it stays open
  }
  const [, id, what] = /^\/v1\/scans\/([^/]+)(\/report)?$/.exec(url.pathname) ?? [];
  if (what) return response.writeHead(200, { 'content-type': 'application/json' }).end(report);
  if (refs.has(id)) return say(200, scan(id));
  if (url.pathname === '/v1/scans') return say(200, { scans: [...refs.keys()].reverse().map(scan), next: null });
  return say(404, { error: { code: 'not_found', message: `nothing at ${url.pathname}` } });
}

const server = createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => answer(request, response, Buffer.concat(parts).toString('utf8')));
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
process.stdin.resume().on('end', () => process.exit(0));
