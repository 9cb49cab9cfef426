import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { hashText } from '../hash.ts';
import { capacitiesOf, type History, type Layout, openHistory } from '../history.ts';
import { CHUNK_ORDER_MIN, openChunks, takeChunk } from './chunks.ts';
import {
  findKey,
  keyIn,
  openKeyTable,
  putKey,
  queueAgain,
  queuedKeys,
  takeKey,
} from './key-table.ts';

const planes = { planes: 1, bounds: 0, sortedSizes: [] };
const layout: Layout = {
  ...planes,
  hasAmounts: false,
  extraPlane: 1,
  idPlane: undefined,
  fraudPlane: undefined,
  capacities: capacitiesOf(planes),
  needs: [],
  lateUs: 0,
};
const chunk = takeChunk(openChunks(), CHUNK_ORDER_MIN);

function historyOf(key: string): History {
  return openHistory(layout, 0, key, chunk);
}

const verbs = ['put', 'take', 'queue'] as const;
const step = fc.record({ verb: fc.constantFrom(...verbs), number: fc.nat({ max: 60 }) });

test('a table of keys finds what a map finds, in the order of the queue', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const table = openKeyTable();
      const map = new Map<string, History>();
      for (const { verb, number } of steps) {
        const key = `key_${number}`;
        const known = map.get(key);
        assert.equal(keyIn(table, key), known);
        if (verb === 'put' && known === undefined) {
          const history = historyOf(key);
          putKey(table, history);
          map.set(key, history);
        }
        if (verb !== 'put' && known !== undefined) {
          map.delete(key);
          if (verb === 'take') takeKey(table, known);
          else {
            queueAgain(table, known);
            map.set(key, known);
          }
        }
        assert.equal(table.size, map.size);
      }
      assert.deepEqual(
        Array.from(queuedKeys(table), ({ key }) => key),
        [...map.keys()],
      );
    }),
  );
});

test('two keys of the same hash are told apart by their texts', () => {
  const table = openKeyTable();
  const history = historyOf('one');
  putKey(table, history);
  const mark = hashText('one') | 0;
  assert.equal(findKey(table, 'one', mark), history);
  assert.equal(findKey(table, 'two', mark), undefined);
});

test('a text that is made of pieces is the same key', () => {
  const table = openKeyTable();
  const history = historyOf('customer-1234567890');
  putKey(table, history);
  const pieces = ['customer', '1234567890'];
  assert.equal(keyIn(table, pieces.join('-')), history);
});
