// MISP events. Neither Debian nor npm has a reader of them: schemas/misp-event.json says in words of ours what the core
// format (draft-dulaunoy-misp-core-format) demands, and below stand rules of values, types and MISP's object templates.
//   node misp.mjs FILE.misp.json...
import Ajv from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { each, fault, json } from './check.mjs';

const ajv = new Ajv({ allErrors: true, strictTypes: false });
formats(ajv);
const valid = ajv.compile(JSON.parse(readFileSync(new URL('schemas/misp-event.json', import.meta.url), 'utf8')));

const host = (value) => /^[a-z0-9_-]+(\.[a-z0-9_-]+)+$/i.test(value);
const port = (value) => /^\d+$/.test(value) && Number(value) <= 65535;
const whole = (value) => /^\d+$/.test(value);
// What MISP takes as a value of each type, and in which categories it may stand.
const types = {
  domain: [host, ['Network activity', 'Payload delivery', 'External analysis']],
  hostname: [host, ['Network activity', 'Payload delivery', 'External analysis']],
  'ip-dst': [(value) => isIP(value) !== 0, ['Network activity', 'Payload delivery', 'External analysis']],
  'ip-dst|port': [(value) => isIP(value.split('|')[0]) !== 0 && port(value.split('|')[1]), ['Network activity', 'Payload delivery', 'External analysis']],
  url: [(value) => /^https?:$/.test(new URL(value).protocol), ['Network activity', 'Payload delivery', 'External analysis']],
  sha256: [(value) => /^[0-9a-f]{64}$/.test(value), ['Payload delivery', 'Artifacts dropped', 'Payload installation', 'External analysis']],
  filename: [(value) => value !== '', ['Payload delivery', 'Artifacts dropped', 'Payload installation', 'External analysis']],
  tlsh: [(value) => /^T1[0-9a-f]{70}$/i.test(value), ['Payload delivery', 'Artifacts dropped', 'Payload installation', 'External analysis']],
  'mime-type': [(value) => /^[^/\s]+\/\S+/.test(value), ['Artifacts dropped', 'Payload delivery', 'Other']],
  'size-in-bytes': [whole, ['Other']],
  port: [port, ['Network activity', 'Other']],
  text: [(value) => value !== '', ['Other', 'External analysis', 'Network activity', 'Payload delivery']],
};
// Of MISP's templates: their ids, what may be in them, and as which type.
const templates = {
  file: ['688c46fb-5edb-40a3-8273-1af7923e2215', { sha256: 'sha256', filename: 'filename', fullpath: 'text', 'size-in-bytes': 'size-in-bytes', mimetype: 'mime-type', tlsh: 'tlsh' }],
  'network-connection': ['af16764b-f8e5-4603-9de1-de34d272f80b', { 'ip-dst': 'ip-dst', 'hostname-dst': 'hostname', 'dst-port': 'port',
    'layer3-protocol': 'text', 'layer4-protocol': 'text', 'layer7-protocol': 'text', 'src-bytes-count': 'size-in-bytes', 'dst-bytes-count': 'size-in-bytes' }],
};

await each((file) => {
  const document = json(file);
  if (document === undefined) return;
  if (!valid(document)) return valid.errors.slice(0, 20).forEach((error) => fault(file, `${error.instancePath} ${error.message}`));
  const event = document.Event;
  const seen = new Set([event.uuid]);
  const fresh = (uuid) => (seen.has(uuid) ? fault(file, `the UUID ${uuid} is there twice`) : seen.add(uuid));
  const look = (attribute) => {
    fresh(attribute.uuid);
    const [takes, categories] = types[attribute.type] ?? [() => false, []];
    if (!takes(attribute.value)) fault(file, `${attribute.type} ${attribute.value}`);
    if (!categories.includes(attribute.category)) fault(file, `${attribute.type} cannot stand in ${attribute.category}`);
  };
  if (event.attribute_count !== String(event.Attribute.length)) fault(file, 'attribute_count');
  event.Attribute.forEach(look);
  for (const object of event.Object) {
    fresh(object.uuid);
    const [uuid, relations] = templates[object.name];
    if (object.template_uuid !== uuid) fault(file, `${object.name} has another template: ${object.template_uuid}`);
    for (const attribute of object.Attribute) {
      look(attribute);
      if (relations[attribute.object_relation] !== attribute.type) fault(file, `${object.name} has no ${attribute.type} as ${attribute.object_relation}`);
    }
  }
});
