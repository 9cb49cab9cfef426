// Mutates the published NACHA files as often as it is told and stops at the first broken promise,
// printing the seed that repeats it:  node conformance/nacha-fuzz.ts --runs 100000 --seed 1

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { leniencies } from '../src/payments/nacha/options.ts';
import {
  checkPromises,
  enteredTotals,
  mutate,
  readAll,
  seededNumbers,
  statedTotals,
} from '../src/payments/nacha/testing/fuzz.ts';

const root = path.dirname(import.meta.dirname);
export const nachaFolder = path.join(
  process.env['FLORIN_SHARED_DATA'] ?? path.join(root, '../shared/data'),
  'nacha',
);

/** Larger files are only cut out of: a mutation of them finds no more than one of a small file. */
const sampleBytesMax = 20_000;

export async function fuzzNacha({ runs, seed }: { runs: number; seed: number }) {
  const names = (await readdir(nachaFolder)).filter((name) => name.endsWith('.ach')).toSorted();
  const samples = await Promise.all(
    names.map(async (name) => {
      const bytes = await readFile(path.join(nachaFolder, name));
      return { name, bytes: bytes.subarray(0, sampleBytesMax) };
    }),
  );
  let accepted = 0;
  for (let run = 0; run < runs; run++) {
    const next = seededNumbers(seed + run);
    const sample = samples[run % samples.length];
    if (sample === undefined) {
      break;
    }
    const mutated = mutate(sample.bytes, next);
    const options = next(4) === 0 ? { leniencies } : {};
    try {
      const items = await readAll(mutated, { options, next });
      if (checkPromises(items)) {
        accepted += 1;
        const stated = statedTotals(mutated) ?? enteredTotals(items);
        assert.deepEqual(enteredTotals(items), stated, 'the file control says what is entered');
      }
    } catch (error) {
      throw new Error(`seed ${seed + run} with ${sample.name}`, { cause: error });
    }
  }
  return { runs, accepted, files: samples.length };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '100000' },
      seed: { type: 'string', default: '1' },
    },
  });
  const start = performance.now();
  const done = await fuzzNacha({ runs: Number(values.runs), seed: Number(values.seed) });
  const took = Math.round((performance.now() - start) / 1000);
  process.stdout.write(
    `${done.runs} mutations of ${done.files} files in ${took} s: nothing crashed, ` +
      `and the ${done.accepted} accepted ones have sums equal to their entries\n`,
  );
}
