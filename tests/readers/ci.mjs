// The snippets of docs/ci: read by what belongs to each product, as far as packages have it, and their shell scripts and the
// commands of a page written out, so that they can be checked and run (tests/run/ci_snippets_test.sh).
//   node ci.mjs OUT_DIR FILE...
// GitHub's own parser of workflows; GitLab's schema of CI files (gitlab-ci-local has a copy). Tekton's are read by tekton-lint, by
// the caller; for a Jenkinsfile there is no reader without Jenkins: its scripts alone are taken, and its brackets counted.
import Ajv from 'ajv';
import formats from 'ajv-formats';
import { readFileSync, writeFileSync } from 'node:fs';
import { register } from 'node:module';
import { basename, join } from 'node:path';
import { parseAllDocuments } from 'yaml';

register('./json_modules.mjs', import.meta.url);
const { NoOperationTraceWriter, parseWorkflow } = await import('@actions/workflow-parser');
const [out, ...files] = process.argv.slice(2);
let faults = 0, scripts = 0;

function fault(file, what) {
  faults++;
  console.error(`${basename(file)}: ${what}`);
}

function write(file, text, ending = '.sh') {
  scripts++;
  writeFileSync(join(out, `${basename(file).replace(/\.[a-z]+$/, '')}-${scripts}${ending}`), text.startsWith('#!') ? text : `#!/bin/sh\n${text}`);
}

function documents(file, text) {
  const all = parseAllDocuments(text, { strict: true, uniqueKeys: true });
  for (const document of all) for (const error of [...document.errors, ...document.warnings]) fault(file, error.message);
  return all.map((document) => document.toJS());
}

function github(file, text) {
  const { context } = parseWorkflow({ name: file, content: text }, new NoOperationTraceWriter());
  for (const error of context.errors.getErrors()) fault(file, error.message);
  for (const workflow of documents(file, text))
    for (const job of Object.values(workflow.jobs)) for (const step of job.steps) if (step.run) write(file, step.run);
}

function gitlab(file, text) {
  const ajv = new Ajv({ allErrors: true, strict: false });
  formats(ajv);
  ajv.addKeyword('markdownDescription');
  const schema = new URL('node_modules/gitlab-ci-local/src/schema/schema.json', import.meta.url);
  const valid = ajv.compile(JSON.parse(readFileSync(schema, 'utf8')));
  for (const pipeline of documents(file, text)) {
    if (!valid(pipeline)) for (const error of valid.errors) fault(file, `${error.instancePath} ${error.message}`);
    for (const job of Object.values(pipeline)) write(file, job.script.join('\n'));
  }
}

function tekton(file, text) {
  for (const resource of documents(file, text)) {
    if (resource.apiVersion !== 'tekton.dev/v1') fault(file, `is ${resource.apiVersion}, not tekton.dev/v1`);
    for (const step of resource.spec.steps ?? []) write(file, step.script.replaceAll(/\$\(results\.([a-z]+)\.path\)/g, '$RESULTS/$1'));
  }
}

function jenkins(file, text) {
  const quiet = text.replaceAll(/'''[^]*?'''|'[^'\n]*'|"[^"\n]*"|(^|\s)\/\/.*/g, ' ');
  for (const [open, close] of ['{}', '()', '[]'])
    if (quiet.split(open).length !== quiet.split(close).length) fault(file, `${open} and ${close} do not match`);
  for (const [, script] of text.matchAll(/'''([^]*?)'''/g)) write(file, script);
}

// The commands of a page: indented lines that begin with "assay ", with the lines that they go on in.
function page(file, text) {
  for (const [, command] of text.matchAll(/^ {4}(assay (?:[^\n]*\\\n)*[^\n]*)/gm)) write(file, command.replaceAll(/ +# .*/g, '') + '\n', '.command');
}

const readers = { 'github-actions.yml': github, 'gitlab-ci.yml': gitlab, Jenkinsfile: jenkins };
for (const file of files) {
  const text = readFileSync(file, 'utf8');
  const reader = readers[basename(file)] ?? (file.endsWith('.md') ? page : file.includes('tekton') ? tekton : undefined);
  if (reader === undefined) fault(file, 'is read by nothing here');
  else reader(file, text);
}
console.log(`${files.length} files, ${scripts} scripts, ${faults} faults`);
process.exit(faults === 0 ? 0 : 1);
