// Layers of the ATT&CK Navigator. The schema of the format is ours (schemas/, see there); platforms, domains and the
// form of ids are those of MITRE's own data model.
//   node navigator.mjs FILE.navigator.json...
import { attackDomainSchema, createAttackIdSchema, xMitrePlatformSchema } from '@mitre-attack/attack-data-model';
import Ajv from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { readFileSync } from 'node:fs';
import { each, fault, json } from './check.mjs';

const ajv = new Ajv({ allErrors: true });
formats(ajv);
const valid = ajv.compile(JSON.parse(readFileSync(new URL('schemas/navigator-layer-4.5.json', import.meta.url), 'utf8')));
const id = createAttackIdSchema('attack-pattern');
const tactics = new Set(['reconnaissance', 'resource-development', 'initial-access', 'execution', 'persistence',
  'privilege-escalation', 'defense-evasion', 'credential-access', 'discovery', 'lateral-movement', 'collection',
  'command-and-control', 'exfiltration', 'impact']);

await each((file) => {
  const layer = json(file);
  if (layer === undefined) return;
  if (!valid(layer)) return valid.errors.forEach((error) => fault(file, `${error.instancePath} ${error.message}`));
  if (!attackDomainSchema.safeParse(layer.domain).success) fault(file, `domain ${layer.domain}`);
  for (const platform of layer.filters.platforms)
    if (!xMitrePlatformSchema.safeParse(platform).success) fault(file, `platform ${platform}`);
  if (layer.gradient.maxValue <= layer.gradient.minValue) fault(file, 'the gradient is empty');
  const seen = new Set();
  for (const { techniqueID, tactic, score } of layer.techniques) {
    if (!id.safeParse(techniqueID).success) fault(file, `technique ${techniqueID}`);
    if (!tactics.has(tactic)) fault(file, `tactic ${tactic} of ${techniqueID}`);
    if (score < layer.gradient.minValue || score > layer.gradient.maxValue) fault(file, `score ${score} of ${techniqueID}`);
    if (seen.has(`${techniqueID} ${tactic}`)) fault(file, `${techniqueID} stands twice under ${tactic}`);
    seen.add(`${techniqueID} ${tactic}`);
  }
});
