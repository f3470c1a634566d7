// Attestations by sigstore's own library for JavaScript: Assay's are verified with it, and those that it makes are given to Assay
// (tests/run/attest_test.sh). A key that is known beforehand, no transparency log.
//   node attestation.mjs verify PUBLIC.pem SHA256 BUNDLE...   each must be signed by this key, and about this digest
//   node attestation.mjs sign PRIVATE.pem PAYLOAD [TYPE]      prints a bundle around the bytes of a file
import { bundleFromJSON, bundleToJSON, toDSSEBundle } from '@sigstore/bundle';
import { crypto, dsse } from '@sigstore/core';
import { toSignedEntity, Verifier } from '@sigstore/verify';
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

const [verb, keyFile, ...words] = process.argv.slice(2);
const inToto = 'application/vnd.in-toto+json';

const hintOf = (key) => createHash('sha256').update(key.export({ type: 'spki', format: 'der' })).digest('base64');

function verifierOf(pem) {
  const hint = hintOf(createPublicKey(pem));
  const publicKey = (asked) => {
    if (asked !== hint) throw new Error(`key not found: ${asked}`);
    return { publicKey: crypto.createPublicKey(pem), validFor: () => true };
  };
  const trust = { publicKey, tlogs: [], ctlogs: [], certificateAuthorities: [], timestampAuthorities: [] };
  return new Verifier(trust, { tlogThreshold: 0, ctlogThreshold: 0, tsaThreshold: 0 });
}

function verify(pem, digest, files) {
  const verifier = verifierOf(pem);
  for (const file of files) {
    const bundle = bundleFromJSON(JSON.parse(readFileSync(file, 'utf8')));
    verifier.verify(toSignedEntity(bundle));
    const { payloadType, payload } = bundle.content.dsseEnvelope;
    if (payloadType !== inToto) throw new Error(`payload type ${payloadType}`);
    const statement = JSON.parse(payload.toString('utf8'));
    if (statement._type !== 'https://in-toto.io/Statement/v1') throw new Error(`statement ${statement._type}`);
    if (!statement.subject.some((subject) => subject.digest.sha256 === digest)) throw new Error('about another image');
    console.log(`${basename(file)}: ${statement.predicateType} ${statement.predicate.result}`);
  }
}

function make(pem, payload, type) {
  const key = createPrivateKey(pem);
  const bytes = dsse.preAuthEncoding(type, payload);
  const signature = sign(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', bytes, key);
  const keyHint = hintOf(createPublicKey(pem));
  const bundle = toDSSEBundle({ artifact: payload, artifactType: type, signature, keyHint });
  process.stdout.write(JSON.stringify(bundleToJSON(bundle)));
}

try {
  const pem = readFileSync(keyFile, 'utf8');
  if (verb === 'verify') verify(pem, words[0], words.slice(1));
  else make(pem, readFileSync(words[0]), words[1] ?? inToto);
} catch (error) {
  console.error(`attestation.mjs: ${error.message}`);
  process.exit(1);
}
