// What the readers share: each is called with files, says what is wrong with which, and fails where anything is.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

export const files = process.argv.slice(2);
let faults = 0;

// Characters that move, hide or reorder what a person reads (printable() in common/text.h escapes them).
const hidden = /[\p{Cc}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}\u2028\u2029\u2800\ufffe\uffff]/u;

export function fault(file, what) {
  faults++;
  console.error(`${basename(file)}: ${what}`);
}

// Every string of a document, and every name of a member.
export function* strings(value) {
  if (typeof value === 'string') yield value;
  else if (value !== null && typeof value === 'object')
    for (const [key, item] of Object.entries(value)) {
      yield key;
      yield* strings(item);
    }
}

export function refuseHidden(file, texts) {
  for (const text of texts) if (hidden.test(text)) fault(file, `hidden characters in ${JSON.stringify(text).slice(0, 120)}`);
}

// As JSON that has nothing hidden in it; undefined where it is none.
export function json(file) {
  try {
    const document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file)));
    refuseHidden(file, strings(document));
    return document;
  } catch (error) {
    fault(file, error.message);
  }
}

// Calls `look` for each file and ends the program.
export async function each(look) {
  if (files.length === 0) fault('usage', 'no file was given');
  for (const file of files) await look(file);
  console.log(`${files.length} read, ${faults} faults`);
  process.exit(faults === 0 ? 0 : 1);
}
