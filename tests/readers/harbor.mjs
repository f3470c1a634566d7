// Stands in Harbor's place: asks a running scanner adapter as Harbor's client does, and holds every answer against the contract that
// Harbor publishes (schemas/harbor-scanner.json), with ajv as validator. `node harbor.mjs FILE`: FILE is JSON, {"base", "headers", "steps"};
// a step is {"name", "operation", "status", "type", "method", "path", "headers", "body", "until_ready"}; "{id:NAME}" in a path is the id that
// the step NAME was answered with. Prints the answers as JSON, one a
// line, and fails where any is not as it should be. What is not asked for in `operations` of FILE has to be said to be missing.
import { readFileSync } from 'node:fs';
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const contract = JSON.parse(readFileSync(new URL('schemas/harbor-scanner.json', import.meta.url), 'utf8'));
const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
const schemas = {};
for (const name of Object.keys(contract.$defs))
  schemas[name] = ajv.compile({ $defs: contract.$defs, allOf: [{ $ref: `#/$defs/${name}` }, contract.harbor[name] ?? {}] });

const plan = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const seen = new Set();
const ids = {};
let faults = 0;
function fault(step, what) {
  faults++;
  console.error(`${step.name}: ${what}`);
}

const kClientPatience = 5000; // Harbor's
const kLongestRefresh = 127; // it reads the header into 8 bits

async function ask(step) {
  const path = step.path.replace(/\{id:([^}]+)\}/g, (_, name) => ids[name]);
  const answer = await fetch(plan.base + path, {
    method: step.method ?? 'GET',
    headers: { ...plan.headers, ...step.headers },
    body: step.body === undefined ? undefined : typeof step.body === 'string' ? step.body : JSON.stringify(step.body),
    redirect: 'manual',
    signal: AbortSignal.timeout(kClientPatience),
  });
  return { status: answer.status, type: answer.headers.get('content-type') ?? '', refresh: answer.headers.get('refresh-after'), text: await answer.text() };
}

function checkTwice(step, report) {
  const keys = report.vulnerabilities.map((one) => `${one.id}\n${one.package}\n${one.version}`);
  if (new Set(keys).size !== keys.length) fault(step, 'an entry comes twice, which Harbor cannot keep');
}

function check(step, answer) {
  const operation = contract.operations[step.operation];
  if (operation === undefined) return;
  if (!(answer.status in operation)) return fault(step, `status ${answer.status} is not in the contract: ${answer.text.slice(0, 300)}`);
  const types = operation[answer.status];
  seen.add(types && answer.status === 200 ? `${step.operation} 200 ${answer.type}` : `${step.operation} ${answer.status}`);
  if (answer.status === 302 && !(Number(answer.refresh) > 0 && Number(answer.refresh) <= kLongestRefresh))
    fault(step, `Refresh-After is '${answer.refresh}'`);
  // Harbor reads the body of any answer that is not what it hoped for as an error.
  const schema = types ? types[answer.type] : answer.text === '' ? undefined : 'error';
  if (types && schema === undefined) return fault(step, `media type '${answer.type}' is not in the contract`);
  if (schema === undefined) return;
  let body;
  try {
    body = JSON.parse(answer.text);
  } catch (error) {
    return fault(step, `no JSON: ${error.message}`);
  }
  if (!schemas[schema](body)) fault(step, `${schema}: ${ajv.errorsText(schemas[schema].errors)}`);
  if (schema === 'vulnerabilityReport') checkTwice(step, body);
}

for (const step of plan.steps) {
  let answer;
  for (let tries = 0; ; tries++) {
    answer = await ask(step);
    check(step, answer);
    if (!step.until_ready || answer.status !== 302 || tries === 600) break;
    await new Promise((done) => setTimeout(done, 200));
  }
  if (step.status !== undefined && answer.status !== step.status) fault(step, `status ${answer.status}, not ${step.status}: ${answer.text.slice(0, 300)}`);
  if (step.type !== undefined && answer.type !== step.type) fault(step, `media type '${answer.type}', not '${step.type}'`);
  if (answer.status === 202) ids[step.name] = JSON.parse(answer.text).id;
  console.log(JSON.stringify({ name: step.name, ...answer }));
}
for (const one of plan.operations ?? []) if (!seen.has(one)) (faults++, console.error(`never seen: ${one}`));
process.exit(faults === 0 ? 0 : 1);
