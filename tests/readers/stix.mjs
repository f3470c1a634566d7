// STIX 2.1 bundles. No package has the standard's schemas: schemas/stix-2.1.json says in words of ours what it demands of
// the types that are used, and below stand its rules on ids, references and patterns. Not ours are the ids of observables,
// made anew by @security-alliance/stix, and what MITRE's data model knows of STIX: timestamps, kill chains, references.
//   node stix.mjs FILE.stix.json...
import { externalReferencesSchema, killChainPhaseSchema, stixTimestampSchema } from '@mitre-attack/attack-data-model';
import { OASIS_NAMESPACE, generateDeterministicId } from '@security-alliance/stix/2.1';
import Ajv from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { readFileSync } from 'node:fs';
import { each, fault, json } from './check.mjs';

const ajv = new Ajv({ allErrors: true, strictTypes: false });
formats(ajv);
const valid = ajv.compile(JSON.parse(readFileSync(new URL('schemas/stix-2.1.json', import.meta.url), 'utf8')));

// What an observable's id is made of, in the standard's order of types. A process has nothing: its id is random.
const contributing = {
  'domain-name': ['value'],
  'ipv4-addr': ['value'],
  'ipv6-addr': ['value'],
  url: ['value'],
  directory: ['path'],
  file: ['hashes', 'name', 'parent_directory_ref', 'extensions'],
  'network-traffic': ['start', 'end', 'src_ref', 'dst_ref', 'src_port', 'dst_port', 'protocols', 'extensions'],
  software: ['name', 'cpe', 'swid', 'vendor', 'version'],
};
const observables = new Set([...Object.keys(contributing), 'process']);
// Of what a reference may be, where the standard says.
const targets = {
  sample_ref: ['file', 'artifact', 'network-traffic'],
  sample_refs: ['file', 'artifact'],
  host_vm_ref: ['software'],
  created_by_ref: ['identity'],
  object_marking_refs: ['marking-definition'],
  parent_directory_ref: ['directory'],
  image_ref: ['file'],
  parent_ref: ['process'],
  child_refs: ['process'],
  src_ref: ['ipv4-addr', 'ipv6-addr', 'mac-addr', 'domain-name'],
  dst_ref: ['ipv4-addr', 'ipv6-addr', 'mac-addr', 'domain-name'],
  analysis_sco_refs: [...observables],
};
// Of the relationships that section 7 and the types' own sections define.
const relations = new Set(['indicator indicates malware', 'indicator indicates attack-pattern', 'indicator based-on observed-data',
  'malware uses attack-pattern', 'malware communicates-with domain-name', 'malware communicates-with ipv4-addr',
  'malware communicates-with ipv6-addr', 'malware communicates-with url', 'malware drops file',
  'malware-analysis dynamic-analysis-of malware']);
// One comparison for equality, as the grammar of patterns has it: in a string only a quote and a backslash are escaped.
const pattern = /^\[(?:(?:domain-name|ipv4-addr|ipv6-addr|url):value|file:hashes\.'SHA-256') = '(?:[^'\\]|\\['\\])*'\]$/;

function* references(value, key = '') {
  if (Array.isArray(value)) for (const item of value) yield* references(item, key);
  else if (value !== null && typeof value === 'object') for (const [name, item] of Object.entries(value)) yield* references(item, name);
  else if (/_refs?$/.test(key)) yield [key, value];
}

function look(file, object, byId) {
  const say = (what) => fault(file, `${object.id}: ${what}`);
  for (const [key, id] of references(object)) {
    if (!byId.has(id)) say(`${key} leads to nothing: ${id}`);
    if (key in targets && !targets[key].includes(id.split('--')[0])) say(`${key} must not lead to ${id}`);
  }
  if (object.type in contributing) {
    const made = Object.fromEntries(contributing[object.type].filter((key) => key in object).map((key) => [key, object[key]]));
    const id = generateDeterministicId(object.type, made, OASIS_NAMESPACE);
    if (id !== object.id) say(`the standard's id is ${id}`);
  } else if (!/--[0-9a-f]{8}-[0-9a-f]{4}-[45]/.test(object.id) || (object.type === 'process' && object.id[23] !== '4')) {
    say('the version of its UUID is wrong');
  }
  for (const key of ['created', 'modified', 'valid_from', 'published', 'first_observed', 'last_observed', 'created_time', 'first_seen'])
    if (key in object && !stixTimestampSchema.safeParse(object[key]).success) say(`${key} ${object[key]}`);
  if (object.modified < object.created) say('modified before it was created');
  for (const phase of object.kill_chain_phases ?? [])
    if (!killChainPhaseSchema.safeParse(phase).success) say(`kill chain phase ${JSON.stringify(phase)}`);
  if ('external_references' in object && !externalReferencesSchema.safeParse(object.external_references).success) say('external references');
  if (object.type === 'indicator' && !pattern.test(object.pattern)) say(`pattern ${object.pattern}`);
  if (object.type === 'relationship') {
    const type = (id) => byId.get(id)?.type;
    const relation = `${type(object.source_ref)} ${object.relationship_type} ${type(object.target_ref)}`;
    if (!relations.has(relation)) say(`no relationship of the standard: ${relation}`);
  }
  if (object.type === 'observed-data')
    for (const id of object.object_refs) if (!observables.has(id.split('--')[0])) say(`${id} cannot be observed`);
}

await each((file) => {
  const bundle = json(file);
  if (bundle === undefined) return;
  if (!valid(bundle)) return valid.errors.slice(0, 20).forEach((error) => fault(file, `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`));
  const byId = new Map(bundle.objects.map((object) => [object.id, object]));
  if (byId.size !== bundle.objects.length) fault(file, 'an id is there twice');
  for (const object of bundle.objects) look(file, object, byId);
});
