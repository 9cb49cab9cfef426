import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { EMPTY_ROOT, leafHash, nodeHash } from './hash.ts';
import { leavesOfSeed, oracleOf, type Oracle } from './oracle-testing.ts';
import {
  verifyConsistency,
  verifyInclusion,
  verifyRange,
  verifySubtreeConsistency,
  verifySubtreeInclusion,
  type Consistency,
  type Inclusion,
} from './proof.ts';
import { consistencySpans, inclusionSpans, subtreesOf, type Span } from './shape.ts';

const SIZE_MAX = 300;
const leaves = leavesOfSeed(SIZE_MAX);
const hashes = leaves.map((leaf) => leafHash(leaf));
const oracle = oracleOf(leaves);

const hashOf = (index: number): Buffer => hashes[index] ?? Buffer.alloc(0);

/** The hash of a span, put together from complete subtrees. */
function spanHash(span: Span, from: Oracle): Buffer {
  return subtreesOf(span)
    .map(({ height, index }) => from.root(index * 2 ** height, (index + 1) * 2 ** height))
    .reduceRight((right, left) => nodeHash(left, right));
}

function inclusion(index: number, size: number, from = oracle): Inclusion {
  const proof = inclusionSpans(index, size).map((span) => spanHash(span, from));
  return { leafHash: hashOf(index), index, size, root: from.root(0, size), proof };
}

function consistency(size1: number, size2: number, from = oracle): Consistency {
  const proof = consistencySpans(size1, size2).map((span) => spanHash(span, from));
  return { size1, size2, root1: from.root(0, size1), root2: from.root(0, size2), proof };
}

function flipped(hash: Buffer): Buffer {
  const copy = Buffer.from(hash);
  copy[31] = (copy[31] ?? 0) ^ 0x10;
  return copy;
}

test('every leaf of every tree up to 300 is included by the proof that the definition gives', () => {
  for (let size = 1; size <= SIZE_MAX; size += 1) {
    for (let index = 0; index < size; index += 1) {
      const claim = inclusion(index, size);
      assert.deepEqual(claim.proof, oracle.path(index, size), `${index} of ${size}`);
      assert.equal(verifyInclusion(claim), undefined, `${index} of ${size}`);
    }
  }
});

test('every tree up to 300 extends every smaller one by the proof that the definition gives', () => {
  for (let size2 = 0; size2 <= SIZE_MAX; size2 += 1) {
    for (let size1 = 0; size1 <= size2; size1 += 1) {
      const claim = consistency(size1, size2);
      assert.deepEqual(claim.proof, oracle.proof(size1, size2), `${size1} to ${size2}`);
      assert.equal(verifyConsistency(claim), undefined, `${size1} to ${size2}`);
    }
  }
});

test('proofs of random larger trees hold', () => {
  const many = leavesOfSeed(5_000, 'many');
  const large = oracleOf(many);
  for (let round = 0; round < 200; round += 1) {
    const size = randomInt(1, many.length + 1);
    const index = randomInt(0, size);
    const older = randomInt(0, size + 1);
    const leaf = leafHash(many[index] ?? Buffer.alloc(0));
    const claim = { ...inclusion(index, size, large), leafHash: leaf };
    assert.equal(verifyInclusion(claim), undefined, `${index} of ${size}`);
    assert.deepEqual(claim.proof, large.path(index, size));
    assert.equal(
      verifyConsistency(consistency(older, size, large)),
      undefined,
      `${older}, ${size}`,
    );
    assert.deepEqual(consistency(older, size, large).proof, large.proof(older, size));
  }
});

test('an inclusion proof that was changed in any way does not hold', () => {
  for (let round = 0; round < 400; round += 1) {
    const size = randomInt(1, SIZE_MAX + 1);
    const index = randomInt(0, size);
    const claim = inclusion(index, size);
    const { proof } = claim;
    const changed: Inclusion[] = [
      { ...claim, leafHash: flipped(claim.leafHash) },
      { ...claim, root: flipped(claim.root) },
      { ...claim, proof: [...proof, hashOf(0)] },
      { ...claim, proof: [hashOf(0), ...proof] },
      { ...claim, index: size },
      ...proof.map((_, at) => ({ ...claim, proof: proof.with(at, flipped(proof[at] as Buffer)) })),
      ...proof.map((_, at) => ({ ...claim, proof: proof.toSpliced(at, 1) })),
    ];
    if (size > 1) {
      changed.push({ ...claim, index: (index + 1) % size });
      changed.push({ ...claim, leafHash: hashOf((index + 1) % size) });
    }
    for (const each of changed) assert.match(verifyInclusion(each) ?? '', /^[A-Z].*\.$/);
  }
});

test('a consistency proof that was changed in any way does not hold', () => {
  for (let round = 0; round < 400; round += 1) {
    const size2 = randomInt(2, SIZE_MAX + 1);
    const size1 = randomInt(1, size2);
    const claim = consistency(size1, size2);
    const { proof } = claim;
    const changed: Consistency[] = [
      { ...claim, root1: flipped(claim.root1) },
      { ...claim, root2: flipped(claim.root2) },
      { ...claim, root1: claim.root2, root2: claim.root1 },
      { ...claim, proof: [...proof, hashOf(0)] },
      { ...claim, proof: [hashOf(0), ...proof] },
      ...proof.map((_, at) => ({ ...claim, proof: proof.with(at, flipped(proof[at] as Buffer)) })),
      ...proof.map((_, at) => ({ ...claim, proof: proof.toSpliced(at, 1) })),
    ];
    for (const each of changed) assert.match(verifyConsistency(each) ?? '', /^[A-Z].*\.$/);
  }
});

test('what cannot be a proof is answered with the reason and never thrown', () => {
  const claim = inclusion(3, 7);
  const short = Buffer.alloc(31);
  const inclusions: [Partial<Inclusion>, RegExp][] = [
    [{ index: 7 }, /A tree of 7 leaves has no leaf 7\./],
    [{ index: 0, size: 0, proof: [] }, /A tree of 0 leaves has no leaf 0\./],
    [{ index: -1 }, /not a whole number/],
    [{ index: 0.5 }, /not a whole number/],
    [{ index: Number.NaN }, /not a whole number/],
    [{ size: 2 ** 64 }, /not a whole number/],
    [{ leafHash: short }, /A hash has 32 bytes, not 31\./],
    [{ root: Buffer.alloc(0) }, /A hash has 32 bytes, not 0\./],
    [{ proof: claim.proof.with(1, Buffer.alloc(33)) }, /A hash has 32 bytes, not 33\./],
    [{ proof: [] }, /too few hashes/],
    [{ proof: claim.proof.slice(1) }, /too few hashes/],
    [{ proof: [...claim.proof, claim.root] }, /too many hashes/],
    [{ leafHash: hashOf(4) }, /lead to another root/],
  ];
  for (const [change, reason] of inclusions) {
    assert.match(verifyInclusion({ ...claim, ...change }) ?? '', reason);
  }
  const grown = consistency(3, 7);
  const consistencies: [Partial<Consistency>, RegExp][] = [
    [{ size1: 8 }, /A tree of 8 leaves cannot become one of 7\./],
    [{ size1: -1 }, /not a whole number/],
    [{ size2: 7.5 }, /not a whole number/],
    [{ root1: short }, /32 bytes, not 31/],
    [{ proof: [short, ...grown.proof.slice(1)] }, /32 bytes, not 31/],
    [{ proof: [] }, /too few hashes/],
    [{ proof: grown.proof.slice(0, -1) }, /too few hashes/],
    [{ proof: [...grown.proof, grown.root1] }, /too many hashes/],
    [{ root1: hashOf(0) }, /another root of the smaller tree/],
    [{ root2: hashOf(0) }, /another root of the larger tree/],
    [{ size1: 7, root1: grown.root2 }, /too many hashes/],
    [{ size1: 7, proof: [] }, /Trees of the same size have different roots\./],
    [{ size1: 0, root1: EMPTY_ROOT }, /too many hashes/],
    [{ size1: 0, proof: [] }, /The root of no leaves is not the hash of nothing\./],
    [{ size1: 0, size2: 0, root1: EMPTY_ROOT, proof: [] }, /not the hash of nothing/],
  ];
  for (const [change, reason] of consistencies) {
    assert.match(verifyConsistency({ ...grown, ...change }) ?? '', reason);
  }
});

test('the empty tree becomes any tree without a proof', () => {
  const claim = { size1: 0, root1: EMPTY_ROOT, proof: [] };
  assert.equal(verifyConsistency({ ...claim, size2: 0, root2: EMPTY_ROOT }), undefined);
  assert.equal(verifyConsistency({ ...claim, size2: 7, root2: oracle.root(0, 7) }), undefined);
});

test('subtrees of every tree up to 40 are included and consistent, others are not subtrees', () => {
  for (let size = 1; size <= 40; size += 1) {
    for (let start = 0; start < size; start += 1) {
      for (let end = start + 1; end <= size; end += 1) {
        const root1 = oracle.root(start, end);
        const proof = subtreeProof(start, end, { start: 0, end: size }, true);
        const claim = { start, end, size, root1, root2: oracle.root(0, size), proof };
        const answer = verifySubtreeConsistency(claim);
        const width = 2 ** Math.ceil(Math.log2(end - start));
        if (start % width > 0) {
          assert.match(answer ?? '', /are no subtree\.$/);
          continue;
        }
        assert.equal(answer, undefined, `${start} to ${end} in ${size}`);
        const index = start + Math.floor((end - start) / 2);
        const path = oracleOf(leaves.slice(start, end)).path(index - start, end - start);
        const included = { leafHash: hashOf(index), index, start, end, root: root1, proof: path };
        assert.equal(verifySubtreeInclusion(included), undefined);
      }
    }
  }
});

/** SUBTREE_PROOF of draft-ietf-plants-merkle-tree-certs §4.4, word for word. */
function subtreeProof(start: number, end: number, tree: Span, isKnown: boolean): Buffer[] {
  if (start === tree.start && end === tree.end) return isKnown ? [] : [oracle.root(start, end)];
  const width = tree.end - tree.start;
  if (width <= 1) return [];
  const middle = tree.start + 2 ** Math.ceil(Math.log2(width) - 1);
  const [left, right] = [
    { start: tree.start, end: middle },
    { start: middle, end: tree.end },
  ];
  if (end <= middle) {
    return [...subtreeProof(start, end, left, isKnown), oracle.root(middle, tree.end)];
  }
  if (start >= middle) {
    return [...subtreeProof(start, end, right, isKnown), oracle.root(tree.start, middle)];
  }
  return [...subtreeProof(middle, end, right, false), oracle.root(tree.start, middle)];
}

test('one proof covers all leaves of a range', () => {
  for (let round = 0; round < 300; round += 1) {
    const size = randomInt(1, SIZE_MAX + 1);
    const first = randomInt(0, size);
    const end = randomInt(first, size + 1);
    const rootsOf = (span: Span): Buffer[] =>
      subtreesOf(span).map(({ height, index }) =>
        oracle.root(index * 2 ** height, (index + 1) * 2 ** height),
      );
    const claim = {
      first,
      leafHashes: hashes.slice(first, end),
      size,
      root: oracle.root(0, size),
      left: rootsOf({ start: 0, end: first }),
      right: rootsOf({ start: end, end: size }),
    };
    assert.equal(verifyRange(claim), undefined, `${first} to ${end} of ${size}`);
    const broken = [
      { ...claim, size: end - 1 },
      { ...claim, root: flipped(claim.root) },
      { ...claim, left: [...claim.left, hashOf(0)] },
      { ...claim, right: [...claim.right, hashOf(0)] },
      { ...claim, right: [Buffer.alloc(31)] },
      ...claim.leafHashes.map((hash, at) => {
        return { ...claim, leafHashes: claim.leafHashes.with(at, flipped(hash)) };
      }),
    ];
    for (const each of broken) assert.match(verifyRange(each) ?? '', /^[A-Z].*\.$/);
  }
});

test('trees beyond 32 bits are walked exactly', () => {
  const size = 2 ** 40 + 3;
  const index = 2 ** 40 + 1;
  const spans = inclusionSpans(index, size);
  assert.deepEqual(spans, [
    { start: 2 ** 40, end: 2 ** 40 + 1 },
    { start: 2 ** 40 + 2, end: 2 ** 40 + 3 },
    { start: 0, end: 2 ** 40 },
  ]);
  const [left, right, rest] = [hashOf(0), hashOf(1), hashOf(2)] as const;
  const leaf = hashOf(3);
  const root = nodeHash(rest, nodeHash(nodeHash(left, leaf), right));
  const proof = [left, right, rest];
  assert.equal(verifyInclusion({ leafHash: leaf, index, size, root, proof }), undefined);
  assert.match(verifyInclusion({ leafHash: leaf, index: 1, size, root, proof }) ?? '', /too few/);
});
