// Damages the published ISO 20022 messages as often as it is told and stops at the first broken
// promise, printing the seed:  node conformance/iso20022-fuzz.ts --runs 100000 --seed 1

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { writeRailMessage } from '../src/payments/iso20022/messages/write.ts';
import { fuzzMessages } from '../src/payments/iso20022/testing/fuzz.ts';
import { railMessages } from '../src/payments/iso20022/testing/samples.ts';

const root = path.dirname(import.meta.dirname);
export const isoFolder = path.join(
  process.env['FLORIN_SHARED_DATA'] ?? path.join(root, '../shared/data'),
  'iso20022',
);

export function fuzzIso20022(options: { readonly runs: number; readonly seed: number }) {
  const names = readdirSync(isoFolder).filter((name) => name.endsWith('.xml'));
  const texts = names.toSorted().map((name) => readFileSync(path.join(isoFolder, name), 'utf8'));
  const written = railMessages.map((message) => writeRailMessage(message));
  return fuzzMessages([...texts, ...written], options);
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '100000' },
      seed: { type: 'string', default: '1' },
    },
  });
  const start = performance.now();
  const done = await fuzzIso20022({ runs: Number(values.runs), seed: Number(values.seed) });
  const took = Math.round((performance.now() - start) / 1000);
  process.stdout.write(
    `${done.runs} damaged messages in ${took} s: nothing crashed, and the ${done.accepted} ` +
      'accepted ones have the sums that they state\n',
  );
}
