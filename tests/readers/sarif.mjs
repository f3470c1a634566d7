// SARIF files, held against the schema that Microsoft ships with its validator (OASIS' own, 2.1.0) and against that
// validator's rules of the standard and of GitHub. What it merely recommends (notes) is not looked at.
//   node sarif.mjs FILE.sarif...
import Ajv from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { each, fault, files, json } from './check.mjs';

const home = dirname(createRequire(import.meta.url).resolve('@microsoft/sarif-multitool-linux/package.json'));
const ajv = new Ajv({ strict: false, allErrors: true });
formats(ajv);
const valid = ajv.compile(JSON.parse(readFileSync(join(home, 'sarif-2.1.0.json'), 'utf8')));
const scratch = mkdtempSync(join(tmpdir(), 'assay-sarif-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

// Warnings that are meant: we have no page on the net to name. So each file gets this one.
const meant = new Set(['SARIF2005']);

// It asks for the schema's URL; a proxy that is not there keeps it from leaving this machine.
const nowhere = 'http://127.0.0.1:9';
const environment = { ...process.env, HOME: scratch, DOTNET_BUNDLE_EXTRACT_BASE_DIR: scratch, DOTNET_CLI_TELEMETRY_OPTOUT: '1',
  DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: '1', http_proxy: nowhere, https_proxy: nowhere, all_proxy: nowhere, no_proxy: '' };

// All at once: it starts slowly.
function validate(files) {
  const out = join(scratch, 'said.sarif');
  const words = ['validate', ...files, '--output', out, '--log', 'ForceOverwrite', '--rule-kind', 'Sarif;Gh', '--quiet', 'true'];
  try {
    execFileSync(join(home, 'Sarif.Multitool'), words, { env: environment, timeout: 300_000, stdio: 'pipe' });
  } catch (error) {
    if (error.status === null) return fault('the validator', error.message); // 1: it found errors
  }
  const [run] = JSON.parse(readFileSync(out, 'utf8')).runs;
  for (const { toolExecutionNotifications = [] } of run.invocations ?? [])
    for (const { message } of toolExecutionNotifications) fault('the validator', message.text);
  const read = new Set();
  for (const { ruleId, level = 'warning', message, locations } of run.results ?? []) {
    const { artifactLocation, region } = locations[0].physicalLocation;
    read.add(basename(artifactLocation.uri));
    if (level === 'error' || (level === 'warning' && !meant.has(ruleId)))
      fault(artifactLocation.uri, `line ${region?.startLine}: ${ruleId} ${level}: ${message.arguments?.join(' ') ?? message.text}`);
  }
  for (const file of files) if (!read.has(basename(file))) fault(file, 'the validator has not even said what it always says');
}

validate(files);
await each((file) => {
  const document = json(file);
  if (document === undefined) return;
  if (!valid(document)) for (const error of valid.errors) fault(file, `${error.instancePath} ${error.message}`);
  // What the standard says in words: indices point at what has the id, and the place that is named is an artifact.
  for (const run of document.runs) {
    const { rules } = run.tool.driver;
    for (const result of run.results) {
      if (rules[result.ruleIndex]?.id !== result.ruleId) fault(file, `ruleIndex ${result.ruleIndex} is not ${result.ruleId}`);
      for (const taxon of result.taxa)
        if (run.taxonomies[taxon.toolComponent.index].taxa[taxon.index]?.id !== taxon.id) fault(file, `taxon ${taxon.id}`);
      const { uri, index } = result.locations[0].physicalLocation.artifactLocation;
      if (run.artifacts[index]?.location.uri !== uri) fault(file, `artifact ${index} is not ${uri}`);
    }
  }
});
