// The probes of transparency-dev/merkle, every one: proofs that hold, and proofs that were bent,
// cut or stuffed, of trees and of subtrees, each with the answer that a verifier must give.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import {
  verifyConsistency,
  verifyInclusion,
  verifySubtreeConsistency,
  verifySubtreeInclusion,
} from '#audit';

const root = path.dirname(import.meta.dirname);
const shared = process.env['FLORIN_SHARED_DATA'] ?? path.join(root, '../shared/data');
const file = path.join(shared, 'merkle/probes.json');

/** How many probes of each kind the data set has. */
const counts = {
  consistency: 52,
  inclusion: 55,
  subtreeconsistency: 67,
  subtreeinclusion: 114,
};

type Kind = keyof typeof counts;

interface Probe {
  readonly desc: string;
  readonly wantErr: boolean;
  readonly [member: string]: unknown;
}

class Members {
  readonly #probe: Probe;

  constructor(probe: Probe) {
    this.#probe = probe;
  }

  count(name: string): number {
    const value = this.#probe[name];
    assert.equal(typeof value, 'number', name);
    return value as number;
  }

  hash(name: string): Buffer {
    const value = this.#probe[name];
    assert.equal(typeof value, 'string', name);
    return Buffer.from(value as string, 'base64');
  }

  get proof(): Buffer[] {
    const value = this.#probe['proof'] as readonly string[] | null;
    return (value ?? []).map((text) => Buffer.from(text, 'base64'));
  }
}

const judges: Record<Kind, (probe: Members) => string | undefined> = {
  consistency: (probe) =>
    verifyConsistency({
      size1: probe.count('size1'),
      size2: probe.count('size2'),
      root1: probe.hash('root1'),
      root2: probe.hash('root2'),
      proof: probe.proof,
    }),
  inclusion: (probe) =>
    verifyInclusion({
      leafHash: probe.hash('leafHash'),
      index: probe.count('leafIdx'),
      size: probe.count('treeSize'),
      root: probe.hash('root'),
      proof: probe.proof,
    }),
  subtreeconsistency: (probe) =>
    verifySubtreeConsistency({
      start: probe.count('start'),
      end: probe.count('end'),
      size: probe.count('size'),
      root1: probe.hash('root1'),
      root2: probe.hash('root2'),
      proof: probe.proof,
    }),
  subtreeinclusion: (probe) =>
    verifySubtreeInclusion({
      leafHash: probe.hash('leafHash'),
      index: probe.count('leafIdx'),
      start: probe.count('start'),
      end: probe.count('end'),
      root: probe.hash('root'),
      proof: probe.proof,
    }),
};

function readProbes(): [string, Probe][] {
  assert.ok(existsSync(file), `the data set is missing: ${file}`);
  return Object.entries(JSON.parse(readFileSync(file, 'utf8')) as Record<string, Probe>);
}

const kindOf = (name: string): Kind => name.split('/')[0] as Kind;

test('the data set has the probes that are known to be in it', () => {
  const found = Object.groupBy(readProbes(), ([name]) => kindOf(name));
  const sizes = Object.entries(found).map(([kind, probes]) => [kind, probes?.length]);
  assert.deepEqual(Object.fromEntries(sizes), counts);
});

for (const kind of Object.keys(counts) as Kind[]) {
  test(`every probe of ${kind} is answered as expected`, () => {
    const wrong: string[] = [];
    for (const [name, probe] of readProbes().filter(([each]) => kindOf(each) === kind)) {
      const why = judges[kind](new Members(probe));
      if ((why !== undefined) !== probe.wantErr) wrong.push(`${name}: ${why ?? 'holds'}`);
      if (why !== undefined) assert.match(why, /^[A-Z].*\.$/, name);
    }
    assert.deepEqual(wrong, []);
  });
}
