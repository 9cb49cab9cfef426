// Owns the nodes of the trees as they grow. The children of a node are neighbours.

import type { Bins } from './bins.ts';
import type { TreeNodes } from './trees.ts';

export interface NodeList {
  /** Begins a tree; answers its root. */
  plant(): number;
  /** Gives a node two children; answers the left one. */
  split(node: number, cut: NodeCut, bins: Bins, depth: number): number;
  /** Says what a node adds, or its mean, and how many training rows came through. */
  finish(node: number, value: number, cover: number): void;
  /** What the last tree adds to a row. */
  lastAdds(columns: readonly Float64Array[], row: number): number;
  /** Forgets all trees after the first so many. */
  keep(trees: number): void;
  toNodes(): TreeNodes;
}

export interface NodeCut {
  readonly column: number;
  readonly bin: number;
  readonly isMissingRight: boolean;
}

interface Lists {
  readonly roots: number[];
  readonly depths: number[];
  readonly features: number[];
  readonly thresholds: number[];
  readonly lefts: number[];
  readonly missingRights: number[];
  readonly values: number[];
  readonly covers: number[];
}

export function nodeList(): NodeList {
  const lists: Lists = {
    roots: [],
    depths: [],
    features: [],
    thresholds: [],
    lefts: [],
    missingRights: [],
    values: [],
    covers: [],
  };
  const { roots, depths } = lists;
  return {
    plant() {
      const root = addLeaf(lists);
      roots.push(root);
      depths.push(0);
      return root;
    },
    split(node, { column, bin, isMissingRight }, bins, depth) {
      const left = addLeaf(lists);
      addLeaf(lists);
      lists.features[node] = column;
      lists.thresholds[node] = bins.cuts[column]?.[bin] ?? Number.POSITIVE_INFINITY;
      lists.lefts[node] = left;
      lists.missingRights[node] = isMissingRight ? 1 : 0;
      const tree = depths.length - 1;
      depths[tree] = Math.max(depths[tree] ?? 0, depth + 1);
      return left;
    },
    finish(node, value, cover) {
      lists.values[node] = value;
      lists.covers[node] = cover;
    },
    lastAdds: (columns, row) => valueBelow(lists, roots.at(-1) ?? 0, columns, row),
    keep: (trees) => keepTrees(lists, trees),
    toNodes: () => nodesOf(lists),
  };
}

function addLeaf({ features, thresholds, lefts, missingRights, values, covers }: Lists): number {
  const node = lefts.length;
  features.push(0);
  thresholds.push(Number.POSITIVE_INFINITY);
  lefts.push(node);
  missingRights.push(0);
  values.push(0);
  covers.push(0);
  return node;
}

function valueBelow(
  { features, thresholds, lefts, missingRights, values }: Lists,
  root: number,
  columns: readonly Float64Array[],
  row: number,
): number {
  let node = root;
  for (;;) {
    const left = lefts[node] ?? 0;
    if (left === node) return values[node] ?? 0;
    const value = columns[features[node] ?? 0]?.[row] ?? Number.NaN;
    const isRight = Number.isNaN(value)
      ? missingRights[node] === 1
      : value > (thresholds[node] ?? 0);
    node = isRight ? left + 1 : left;
  }
}

function keepTrees(lists: Lists, trees: number): void {
  const { roots, depths, features, thresholds, lefts, missingRights, values, covers } = lists;
  const end = roots[trees] ?? lefts.length;
  roots.length = Math.min(trees, roots.length);
  depths.length = roots.length;
  for (const list of [features, thresholds, lefts, missingRights, values, covers]) {
    list.length = end;
  }
}

function nodesOf(lists: Lists): TreeNodes {
  return {
    roots: Int32Array.from(lists.roots),
    depths: Int32Array.from(lists.depths),
    features: Int32Array.from(lists.features),
    thresholds: Float64Array.from(lists.thresholds),
    lefts: Int32Array.from(lists.lefts),
    missingRights: Uint8Array.from(lists.missingRights),
    values: Float64Array.from(lists.values),
    covers: Float64Array.from(lists.covers),
  };
}
