// Owns how the parts of a model's file are read: a part is answered only where it holds together,
// so that a score can neither run for ever nor leave the arrays, whatever the file says.

import { limits } from '#config';
import type { Calibration } from '../calibrate.ts';
import type { ModelCard, ModelMetric, TrainedOn } from '../card.ts';
import { COLUMNS_MAX, NODES_MAX, type TreeNodes } from './trees.ts';

type Members = Readonly<Record<string, unknown>>;

export function readNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

export function readTexts(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const texts: unknown[] = value;
  return texts.every((text) => typeof text === 'string') ? texts : undefined;
}

export function readNodes(value: unknown, columns: number): TreeNodes | undefined {
  const nodes = membersOf(value);
  if (nodes === undefined) return undefined;
  const roots = readCounts(nodes['roots']);
  const depths = readCounts(nodes['depths']);
  const features = readCounts(nodes['features']);
  const thresholds = readNumbers(nodes['thresholds'], Number.POSITIVE_INFINITY);
  const lefts = readCounts(nodes['lefts']);
  const missingRights = readCounts(nodes['missingRights']);
  const values = readNumbers(nodes['values']);
  const covers = readCounts(nodes['covers']);
  if (roots === undefined || depths === undefined || features === undefined) return undefined;
  if (thresholds === undefined || lefts === undefined || missingRights === undefined) {
    return undefined;
  }
  if (values === undefined || covers === undefined) return undefined;
  const lists = [features, thresholds, missingRights, values, covers];
  if (lists.some((list) => list.length !== lefts.length)) return undefined;
  if (lefts.length > NODES_MAX || columns > COLUMNS_MAX) return undefined;
  const read: TreeNodes = {
    roots: Int32Array.from(roots),
    depths: Int32Array.from(depths),
    features: Int32Array.from(features),
    thresholds,
    lefts: Int32Array.from(lefts),
    missingRights: Uint8Array.from(missingRights),
    values,
    covers,
  };
  return isSound(read, columns) ? read : undefined;
}

/** Each tree is a stretch of nodes in which children come after their parent. */
function isSound(nodes: TreeNodes, columns: number): boolean {
  const { roots, depths, lefts } = nodes;
  const isCounted = roots.length > 0 && roots.length <= limits.fraudModelTreesMax.value;
  if (!isCounted || depths.length !== roots.length || roots[0] !== 0) return false;
  for (let tree = 0; tree < roots.length; tree += 1) {
    const start = roots[tree] ?? 0;
    const end = roots[tree + 1] ?? lefts.length;
    if (end <= start || depthOf(nodes, start, end, columns) !== depths[tree]) return false;
  }
  return true;
}

/** The longest way down, or -1 where the nodes are no tree. */
function depthOf(
  { features, thresholds, lefts, missingRights, covers }: TreeNodes,
  start: number,
  end: number,
  columns: number,
): number {
  const depths = new Int32Array(end - start).fill(-1);
  depths[0] = 0;
  let deepest = 0;
  for (let node = start; node < end; node += 1) {
    const depth = depths[node - start] ?? -1;
    const left = lefts[node] ?? 0;
    const feature = features[node] ?? -1;
    const isKnown = depth >= 0 && feature >= 0 && feature < columns && (covers[node] ?? 0) >= 1;
    if (!isKnown || (missingRights[node] ?? 2) > 1) return -1;
    const isLeaf = left === node;
    if (isLeaf !== (thresholds[node] === Number.POSITIVE_INFINITY)) return -1;
    if (isLeaf) continue;
    if (left <= node || left + 1 >= end) return -1;
    if (depths[left - start] !== -1 || depths[left + 1 - start] !== -1) return -1;
    depths.fill(depth + 1, left - start, left - start + 2);
    deepest = Math.max(deepest, depth + 1);
  }
  return deepest <= limits.fraudModelDepthMax.value ? deepest : -1;
}

export function readCalibration(value: unknown): Calibration | undefined {
  const members = membersOf(value);
  const scores = readNumbers(members?.['scores']);
  const probabilities = readNumbers(members?.['probabilities']);
  if (scores === undefined || probabilities === undefined) return undefined;
  if (scores.length === 0 || scores.length !== probabilities.length) return undefined;
  for (let at = 0; at < scores.length; at += 1) {
    const probability = probabilities[at] ?? -1;
    if (probability < 0 || probability > 1) return undefined;
    if (at === 0) continue;
    if ((scores[at] ?? 0) <= (scores[at - 1] ?? 0)) return undefined;
    if (probability < (probabilities[at - 1] ?? 0)) return undefined;
  }
  return { scores, probabilities };
}

export function readCard(value: unknown): ModelCard | undefined {
  const card = membersOf(value);
  const features = membersOf(card?.['features']);
  const model = readText(card?.['model']);
  const version = readText(features?.['version']);
  const names = readTexts(features?.['names']);
  const protocol = readText(card?.['protocol']);
  const trained = readTrainedOn(card?.['trainedOn']);
  const parameters = readParameters(card?.['parameters']);
  const metrics = readMetrics(card?.['metrics']);
  const caveats = readTexts(card?.['caveats']);
  if (model === undefined || version === undefined || names === undefined) return undefined;
  if (protocol === undefined || trained === undefined || parameters === undefined) return undefined;
  if (metrics === undefined || caveats === undefined) return undefined;
  return {
    model,
    features: { version, names },
    trainedOn: trained,
    protocol,
    parameters,
    metrics,
    caveats,
  };
}

function readTrainedOn(value: unknown): TrainedOn | undefined {
  const members = membersOf(value);
  const sha256 = readText(members?.['sha256']);
  const rows = readNumber(members?.['rows']);
  const frauds = readNumber(members?.['frauds']);
  const seed = readNumber(members?.['seed']);
  if (sha256 === undefined || rows === undefined) return undefined;
  if (frauds === undefined || seed === undefined) return undefined;
  return { sha256, rows, frauds, seed };
}

function readParameters(value: unknown): Readonly<Record<string, number>> | undefined {
  const members = membersOf(value);
  if (members === undefined) return undefined;
  const entries = Object.entries(members).flatMap(([name, member]) => {
    const number = readNumber(member);
    return number === undefined ? [] : [[name, number] as const];
  });
  return entries.length === Object.keys(members).length ? Object.fromEntries(entries) : undefined;
}

function readMetrics(value: unknown): readonly ModelMetric[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const found: ModelMetric[] = [];
  for (const item of value) {
    const members = membersOf(item);
    const name = readText(members?.['name']);
    const on = readText(members?.['on']);
    const number = readNumber(members?.['value']);
    if (name === undefined || on === undefined || number === undefined) return undefined;
    found.push({ name, on, value: number });
  }
  return found;
}

function readText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function readNumbers(value: unknown, forNull?: number): Float64Array<ArrayBuffer> | undefined {
  if (!Array.isArray(value)) return undefined;
  const numbers = new Float64Array(value.length);
  for (let at = 0; at < numbers.length; at += 1) {
    const item: unknown = value[at];
    const number = item === null ? forNull : readNumber(item);
    if (number === undefined) return undefined;
    numbers[at] = number;
  }
  return numbers;
}

/** Whole numbers that fit the arrays they go to. */
function readCounts(value: unknown): Float64Array<ArrayBuffer> | undefined {
  const numbers = readNumbers(value);
  const areCounts = numbers?.every((number) => number >= 0 && number < 2 ** 31 && number % 1 === 0);
  return areCounts === true ? numbers : undefined;
}

function membersOf(value: unknown): Members | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? Object.fromEntries(Object.entries(value)) : undefined;
}
