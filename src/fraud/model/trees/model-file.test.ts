import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { calibrationOf } from '../calibrate.ts';
import { trainedOn } from '../card.ts';
import { seededDraw } from './draw.ts';
import { modelVersion, parseModel, serializeModel, type FraudModel } from './model-file.ts';
import { trainBoostedTrees } from './train.ts';

const names = ['a', 'b', 'c'];

function model(): FraudModel {
  const draw = seededDraw(1);
  const rows = 500;
  const columns = names.map(() =>
    Float64Array.from({ length: rows }, () => (draw() < 0.1 ? Number.NaN : draw())),
  );
  const labels = Uint8Array.from({ length: rows }, (_, row) =>
    (columns[0]?.[row] ?? 0) + draw() > 1.5 ? 1 : 0,
  );
  const data = { matrix: { rows, names, columns }, labels, seed: 1 };
  const trees = trainBoostedTrees(data, { trees: 7, learningRate: 0.3, depthMax: 3 });
  const card = {
    model: modelVersion(trees),
    features: { version: 'three-1', names },
    trainedOn: trainedOn(data),
    protocol: 'none',
    parameters: { trees: 7 },
    metrics: [{ name: 'AUC', on: 'itself', value: 0.9 }],
    caveats: ['a sample'],
  };
  return { trees, calibration: calibrationOf(trees.scoreAll(data.matrix), labels), card };
}

const written = model();
const bytes = serializeModel(written);
const expected = { names, version: 'three-1' };

function codeOf(text: string | Buffer, features: Parameters<typeof parseModel>[1] = expected) {
  const read = parseModel(Buffer.from(text), features);
  return read.ok ? 'accepted' : read.refusal.code;
}

/** The file with its content changed and the hash put right. */
function resigned(change: (text: string) => string): string {
  const body = change(bytes.toString().slice(0, -(64 + ',"sha256":""}\n'.length)));
  assert.notEqual(`${body},`, bytes.toString().slice(0, body.length + 1), 'something was changed');
  const sha256 = createHash('sha256').update(`${body}}`).digest('hex');
  return `${body},"sha256":"${sha256}"}\n`;
}

test('a model read is the model written, and writes to the same bytes', () => {
  const read = parseModel(bytes, expected);
  assert.ok(read.ok);
  assert.deepEqual(serializeModel(read.value), bytes);
  assert.deepEqual(read.value.trees.nodes, written.trees.nodes);
  assert.deepEqual(read.value.calibration, written.calibration);
  assert.deepEqual(read.value.card, written.card);
  const row = Float64Array.of(0.9, Number.NaN, 0.2);
  assert.equal(read.value.trees.score(row), written.trees.score(row));
});

test('calibration and card may be absent', () => {
  const bare = serializeModel({ trees: written.trees, calibration: undefined, card: undefined });
  const read = parseModel(bare, expected);
  assert.ok(read.ok);
  assert.equal(read.value.calibration, undefined);
  assert.equal(read.value.card, undefined);
});

test('a file that lost or changed a byte anywhere is refused', () => {
  for (let at = 0; at < bytes.length; at += 37) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.notEqual(codeOf(changed), 'accepted', `byte ${at}`);
    assert.notEqual(codeOf(bytes.subarray(0, at)), 'accepted', `${at} bytes`);
  }
  assert.equal(codeOf(bytes.subarray(0, 99)), 'model_unreadable');
  assert.equal(
    codeOf(bytes.toString().replace(/.{64}"\}\n$/, `${'0'.repeat(64)}"}\n`)),
    'model_damaged',
  );
});

test('what is no model is refused', () => {
  for (const text of ['', 'null', '[]', '7', '{}', '{"format":"other"}', 'PK\u0003\u0004']) {
    assert.equal(codeOf(text), 'model_unreadable');
  }
});

test('a model of another version is refused and says which', () => {
  const other = resigned((text) => text.replace('"version":1', '"version":2'));
  const read = parseModel(Buffer.from(other), expected);
  assert.ok(!read.ok);
  assert.equal(read.refusal.code, 'model_version_unknown');
  assert.match(read.refusal.message, /version 2, and only 1/);
});

test('a model of other features is refused and says which', () => {
  const cases = [
    { names: ['a', 'c', 'b'], says: /column 1 of the model is b, here it is c/ },
    { names: ['a', 'b'], says: /column 2 of the model is c, here it is nothing/ },
    { names: [...names, 'd'], says: /column 3 of the model is nothing, here it is d/ },
    { names, version: 'three-2', says: /features three-1, here they are three-2/ },
  ];
  for (const { says, ...features } of cases) {
    const read = parseModel(bytes, features);
    assert.ok(!read.ok);
    assert.equal(read.refusal.code, 'model_features_differ');
    assert.match(read.refusal.message, says);
  }
});

test('trees that would run for ever or leave their arrays are refused, even well signed', () => {
  const { lefts, features } = written.trees.nodes;
  const listed = (key: string, list: Iterable<number>): string => `"${key}":[${[...list].join()}]`;
  const replaced = (key: string, list: ArrayLike<number>, at: number, by: number): string => {
    const changed = Array.from(list).with(at, by);
    return resigned((text) => text.replace(listed(key, Array.from(list)), listed(key, changed)));
  };
  const leaf = lefts.findIndex((left, node) => left === node);
  const cases = [
    replaced('lefts', lefts, leaf, 0),
    replaced('lefts', lefts, 0, lefts.length),
    replaced('lefts', lefts, 0, 0),
    replaced('features', features, 0, 3),
    replaced('features', features, 0, -1),
    replaced('features', features, 0, 0.5),
    resigned((text) => text.replace('"roots":[0', '"roots":[1')),
    resigned((text) => text.replace('"depths":[3', '"depths":[2')),
    resigned((text) => text.replace(/"values":\[[^,]*,/, '"values":[')),
    resigned((text) => text.replace(/"covers":\[\d+/, '"covers":[0')),
    resigned((text) => text.replace(/"baseMargin":0/, '"baseMargin":null')),
    resigned((text) => text.replace(/"probabilities":\[[^,]*/, '"probabilities":[2')),
    resigned((text) => text.replace('"features":{', '"others":{')),
    resigned((text) => text.replace(/"model":"trees_/, '"model":"trees-')),
  ];
  for (const text of cases) assert.equal(codeOf(text), 'model_damaged', text.slice(0, 300));
});

test('a model of more columns than scoring can name is refused', () => {
  const wide = Array.from({ length: 1_024 }, (_, column) => `f${column}`);
  const text = resigned((whole) => whole.replaceAll(JSON.stringify(names), JSON.stringify(wide)));
  assert.equal(codeOf(text, { names: wide, version: 'three-1' }), 'model_damaged');
  const least = wide.slice(1);
  const fits = resigned((whole) => whole.replaceAll(JSON.stringify(names), JSON.stringify(least)));
  assert.equal(codeOf(fits, { names: least, version: 'three-1' }), 'model_damaged', 'by its card');
});

test('an equal name of a model means equal trees', () => {
  assert.equal(modelVersion(model().trees), modelVersion(written.trees));
  assert.match(modelVersion(written.trees), /^trees_[0-9a-f]{16}$/);
  const card = { ...(written.card ?? assert.fail()), model: 'trees_0000000000000000' };
  assert.throws(() => serializeModel({ ...written, card }), /card is of these trees/);
});
