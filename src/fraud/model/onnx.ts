// Writes boosted trees as an ONNX model, so that other runtimes score as we do. Features and
// thresholds are doubles there too, so every row takes the same way down; the margin is a float, as
// the standard's operator has it, and the score is its logistic.

import type { TreeNodes, BoostedTrees } from './trees/trees.ts';
import { bytesField, message, wholeField, wholesField, type Field } from './protobuf.ts';

export interface OnnxFacts {
  readonly name: string;
  /** What the model is called and versioned as where it was trained. */
  readonly properties: Readonly<Record<string, string>>;
}

/** Of the format itself, and of the two sets of operators that are used. */
const IR_VERSION = 8;
const OPSET = 15;
const ML_OPSET = 3;
const ML_DOMAIN = 'ai.onnx.ml';

/** The numbers of AttributeProto.AttributeType and TensorProto.DataType. */
const attributeTypes = { whole: 2, text: 3, tensor: 4, wholes: 7, texts: 8 } as const;
const elementTypes = { float: 1, double: 11 } as const;
type ElementType = keyof typeof elementTypes;

/**
 * Input `features`: doubles, rows by columns of the model, NaN where a value is missing. Outputs
 * `margin` and `score`: floats, rows by one.
 */
export function writeOnnx(trees: BoostedTrees, { name, properties }: OnnxFacts): Buffer {
  const ensemble = node('TreeEnsembleRegressor', ['features'], 'margin', {
    domain: ML_DOMAIN,
    attributes: treeAttributes(trees),
  });
  const sigmoid = node('Sigmoid', ['margin'], 'score', { domain: '', attributes: [] });
  const graph = message(
    bytesField(1, ensemble),
    bytesField(1, sigmoid),
    bytesField(2, name),
    bytesField(11, tensorType('features', 'double', trees.names.length)),
    bytesField(12, tensorType('margin', 'float', 1)),
    bytesField(12, tensorType('score', 'float', 1)),
  );
  const facts = { ...properties, features: JSON.stringify(trees.names) };
  return message(
    wholeField(1, IR_VERSION),
    bytesField(2, 'florin'),
    bytesField(7, graph),
    bytesField(8, operators('', OPSET)),
    bytesField(8, operators(ML_DOMAIN, ML_OPSET)),
    Object.entries(facts).map(([key, value]) =>
      bytesField(14, message(bytesField(1, key), bytesField(2, value))),
    ),
  );
}

function operators(domain: string, version: number): Buffer {
  return message(bytesField(1, domain), wholeField(2, version));
}

interface NodeFacts {
  readonly domain: string;
  readonly attributes: readonly Field[];
}

function node(
  operator: string,
  inputs: readonly string[],
  output: string,
  { domain, attributes }: NodeFacts,
): Buffer {
  return message(
    inputs.map((input) => bytesField(1, input)),
    bytesField(2, output),
    bytesField(3, operator.toLowerCase()),
    bytesField(4, operator),
    attributes.map((encoded) => bytesField(5, encoded)),
    bytesField(7, domain),
  );
}

function tensorType(name: string, element: ElementType, columns: number): Buffer {
  const rows = bytesField(1, bytesField(2, 'rows'));
  const shape = message(rows, bytesField(1, wholeField(1, columns)));
  const tensor = message(wholeField(1, elementTypes[element]), bytesField(2, shape));
  return message(bytesField(1, name), bytesField(2, bytesField(1, tensor)));
}

function treeAttributes({ nodes, baseMargin }: BoostedTrees): Field[] {
  const { features, missingRights } = nodes;
  const places = placesOf(nodes);
  const leaves = places.filter(({ isLeaf }) => isLeaf);
  const branchOnly = (value: (at: number) => number): number[] =>
    places.map(({ at, isLeaf }) => (isLeaf ? 0 : value(at)));
  const left = ({ at, root }: Place): number => (nodes.lefts[at] ?? 0) - root;
  return [
    text('aggregate_function', 'SUM'),
    text('post_transform', 'NONE'),
    whole('n_targets', 1),
    doubles('base_values_as_tensor', [baseMargin]),
    wholes(
      'nodes_treeids',
      places.map(({ tree }) => tree),
    ),
    wholes(
      'nodes_nodeids',
      places.map(({ at, root }) => at - root),
    ),
    texts(
      'nodes_modes',
      places.map(({ isLeaf }) => (isLeaf ? 'LEAF' : 'BRANCH_LEQ')),
    ),
    wholes(
      'nodes_featureids',
      branchOnly((at) => features[at] ?? 0),
    ),
    doubles(
      'nodes_values_as_tensor',
      branchOnly((at) => nodes.thresholds[at] ?? 0),
    ),
    wholes(
      'nodes_truenodeids',
      places.map((place) => (place.isLeaf ? 0 : left(place))),
    ),
    wholes(
      'nodes_falsenodeids',
      places.map((place) => (place.isLeaf ? 0 : left(place) + 1)),
    ),
    wholes(
      'nodes_missing_value_tracks_true',
      branchOnly((at) => 1 - (missingRights[at] ?? 0)),
    ),
    wholes(
      'target_treeids',
      leaves.map(({ tree }) => tree),
    ),
    wholes(
      'target_nodeids',
      leaves.map(({ at, root }) => at - root),
    ),
    wholes(
      'target_ids',
      leaves.map(() => 0),
    ),
    doubles(
      'target_weights_as_tensor',
      leaves.map(({ at }) => nodes.values[at] ?? 0),
    ),
  ];
}

/** A node of a tree: where it stands among all, and the root of its tree. */
interface Place {
  readonly at: number;
  readonly tree: number;
  readonly root: number;
  readonly isLeaf: boolean;
}

function placesOf({ roots, lefts }: TreeNodes): Place[] {
  const places: Place[] = [];
  for (const [tree, root] of roots.entries()) {
    const end = roots[tree + 1] ?? lefts.length;
    for (let at = root; at < end; at += 1) {
      places.push({ at, tree, root, isLeaf: lefts[at] === at });
    }
  }
  return places;
}

function whole(name: string, value: number): Field {
  return attribute(name, 'whole', wholeField(3, value));
}

function text(name: string, value: string): Field {
  return attribute(name, 'text', bytesField(4, value));
}

function wholes(name: string, values: readonly number[]): Field {
  return attribute(name, 'wholes', wholesField(8, values));
}

function texts(name: string, values: readonly string[]): Field {
  return attribute(name, 'texts', message(values.map((value) => bytesField(9, value))));
}

function doubles(name: string, values: readonly number[]): Field {
  const bytes = Buffer.alloc(8 * values.length);
  for (const [index, value] of values.entries()) bytes.writeDoubleLE(value, 8 * index);
  const tensor = message(
    wholeField(1, values.length),
    wholeField(2, elementTypes.double),
    bytesField(8, name),
    bytesField(9, bytes),
  );
  return attribute(name, 'tensor', bytesField(5, tensor));
}

function attribute(name: string, type: keyof typeof attributeTypes, value: Buffer): Field {
  return message(bytesField(1, name), value, wholeField(20, attributeTypes[type]));
}
