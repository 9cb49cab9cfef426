import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  type Chunk,
  CHUNK_ORDER_MIN,
  type Chunks,
  giveChunk,
  openChunks,
  orderFor,
  takeChunk,
} from './chunks.ts';

const ORDER_MAX = 12;

/** The bytes of all arrays, and those of them that are free. */
function chunkBytes({ slabs, free }: Chunks): Readonly<Record<'all' | 'free', number>> {
  const all = slabs.reduce((sum, { values }) => sum + values.byteLength, 0);
  const unused = free.reduce((sum, list, order) => sum + list.length * 2 ** order, 0);
  return { all, free: unused * Float64Array.BYTES_PER_ELEMENT };
}

/** Writes its own number all over a chunk. */
function write({ values, base, order }: Chunk, number: number): void {
  values.fill(number, base, base + 2 ** order);
}

function isWritten({ values, base, order }: Chunk, number: number): boolean {
  return values.subarray(base, base + 2 ** order).every((value) => value === number);
}

function giveAll(chunks: Chunks, taken: Iterable<Chunk>): void {
  for (const chunk of taken) giveChunk(chunks, chunk);
}

test('chunks that are taken share no memory, and a new one is all zeros', () => {
  const orders = fc.integer({ min: CHUNK_ORDER_MIN, max: ORDER_MAX });
  const step = fc.record({ order: orders, give: fc.option(fc.nat()) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const chunks = openChunks();
      const taken = new Map<number, Chunk>();
      for (const [number, { order, give }] of steps.entries()) {
        if (give !== null && taken.size > 0) {
          const [given = 0] = [...taken.keys()].slice(give % taken.size);
          const chunk = taken.get(given);
          assert.ok(chunk !== undefined);
          assert.ok(isWritten(chunk, given + 1));
          taken.delete(given);
          giveChunk(chunks, chunk);
          continue;
        }
        const chunk = takeChunk(chunks, order);
        assert.ok(isWritten(chunk, 0));
        write(chunk, number + 1);
        taken.set(number, chunk);
      }
      for (const [number, chunk] of taken) assert.ok(isWritten(chunk, number + 1));
      giveAll(chunks, taken.values());
      const { all, free } = chunkBytes(chunks);
      assert.equal(free, all);
    }),
  );
});

test('memory of small chunks that were given back serves large ones', () => {
  const chunks = openChunks();
  const small = Array.from({ length: 1_024 }, () => takeChunk(chunks, CHUNK_ORDER_MIN));
  const { all } = chunkBytes(chunks);
  giveAll(chunks, small);
  const large = Array.from({ length: 16 }, () => takeChunk(chunks, CHUNK_ORDER_MIN + 5));
  giveAll(chunks, large);
  assert.deepEqual(chunkBytes(chunks), { all, free: all });
});

test('what is needed over and over takes no more memory than once', () => {
  const chunks = openChunks();
  const round = (): Chunk[] =>
    Array.from({ length: 500 }, (_, index) => takeChunk(chunks, CHUNK_ORDER_MIN + (index % 4)));
  giveAll(chunks, round());
  const { all } = chunkBytes(chunks);
  for (let again = 0; again < 20; again += 1) giveAll(chunks, round());
  assert.equal(chunkBytes(chunks).all, all);
});

test('a few small chunks take little, and one larger than any array gets an array of its own', () => {
  const chunks = openChunks();
  takeChunk(chunks, CHUNK_ORDER_MIN);
  assert.ok(chunkBytes(chunks).all <= 16_384);
  const large = takeChunk(chunks, 23);
  assert.equal(large.values.length, 2 ** 23);
  giveChunk(chunks, large);
  assert.equal(takeChunk(chunks, 23).values, large.values);
});

test('the order of a chunk is that of the least with room', () => {
  const orders = [1, 32, 33, 64, 65, 1_000, 1_024, 1_025].map(orderFor);
  assert.deepEqual(orders, [5, 5, 6, 6, 7, 10, 10, 11]);
});
