// Owns the file of a model: its trees, calibration and card, as one line of JSON that ends with the
// hash of what stands before. The same model is the same bytes; a file not whole, of another
// version or made for other features is refused, because a wrong score looks like any other.

import { createHash } from 'node:crypto';
import { limits } from '#config';
import { accept, assert, refuse, type Result } from '#kernel';
import type { Calibration } from '../calibrate.ts';
import type { ModelCard } from '../card.ts';
import { readCalibration, readCard, readNodes, readNumber, readTexts } from './model-members.ts';
import { boostedTreesOf, type BoostedTrees } from './trees.ts';

export interface FraudModel {
  readonly trees: BoostedTrees;
  readonly calibration: Calibration | undefined;
  readonly card: ModelCard | undefined;
}

export interface ModelRefusal {
  readonly code:
    | 'model_too_large'
    | 'model_unreadable'
    | 'model_version_unknown'
    | 'model_damaged'
    | 'model_features_differ';
  readonly message: string;
}

/** What a model must be made for to be of use. */
export interface ExpectedFeatures {
  readonly names: readonly string[];
  /** Checked where the model's card names one. */
  readonly version?: string | undefined;
}

const FORMAT = 'florin.fraud-model';
/** To be raised whenever the same bytes would give other scores. */
const FORMAT_VERSION = 1;
const HASH_TAIL = /,"sha256":"([0-9a-f]{64})"\}\n$/;
const TAIL_LENGTH = ',"sha256":""}\n'.length + 64;

export function serializeModel(model: FraudModel): Buffer {
  const { trees, calibration, card } = model;
  assert(card === undefined || card.model === modelVersion(trees), 'the card is of these trees');
  const body = JSON.stringify({
    format: FORMAT,
    version: FORMAT_VERSION,
    ...treesJson(trees),
    calibration:
      calibration === undefined
        ? null
        : {
            scores: [...calibration.scores],
            probabilities: [...calibration.probabilities],
          },
    card: card ?? null,
  }).slice(0, -1);
  return Buffer.from(`${body},"sha256":"${hashOf(`${body}}`)}"}\n`);
}

/** Names the trees by their content: an equal name means equal scores for every row. */
export function modelVersion(trees: BoostedTrees): string {
  return `trees_${hashOf(JSON.stringify(treesJson(trees))).slice(0, 16)}`;
}

export function parseModel(
  bytes: Buffer,
  expected: ExpectedFeatures,
): Result<FraudModel, ModelRefusal> {
  const bytesMax = limits.fraudModelBytesMax.value;
  if (bytes.length > bytesMax) {
    const message = `a model has at most ${bytesMax} bytes, this has ${bytes.length}`;
    return refuse({ code: 'model_too_large', message });
  }
  const text = bytes.toString('utf8');
  const json = jsonOf(text);
  if (json === undefined || json['format'] !== FORMAT) {
    const message = `the file is not a whole ${FORMAT}: it does not read as JSON of that format`;
    return refuse({ code: 'model_unreadable', message });
  }
  if (json['version'] !== FORMAT_VERSION) {
    const found = JSON.stringify(json['version']);
    const message = `the model is of version ${found}, and only ${FORMAT_VERSION} can be used`;
    return refuse({ code: 'model_version_unknown', message });
  }
  const body = `${text.slice(0, -TAIL_LENGTH)}}`;
  if (HASH_TAIL.exec(text)?.[1] !== hashOf(body)) {
    const message = 'the model is not what was written: its sha256 is of other content';
    return refuse({ code: 'model_damaged', message });
  }
  return readModel(json, expected);
}

type Members = Readonly<Record<string, unknown>>;

function readModel(json: Members, expected: ExpectedFeatures): Result<FraudModel, ModelRefusal> {
  const names = readTexts(json['names']);
  const baseMargin = readNumber(json['baseMargin']);
  const nodes = readNodes(json['nodes'], names?.length ?? 0);
  const calibration = json['calibration'] === null ? null : readCalibration(json['calibration']);
  const card = json['card'] === null ? null : readCard(json['card']);
  const parts = { names, baseMargin, nodes, calibration, card };
  const bad = Object.entries(parts).find(([, part]) => part === undefined);
  if (
    names === undefined ||
    baseMargin === undefined ||
    nodes === undefined ||
    calibration === undefined ||
    card === undefined
  ) {
    const message = `${bad?.[0] ?? 'a part'} of the model does not hold together`;
    return refuse({ code: 'model_damaged', message });
  }
  const difference = differenceOf(names, card?.features.version, expected);
  if (difference !== undefined) {
    return refuse({ code: 'model_features_differ', message: difference });
  }
  const trees = boostedTreesOf(names, baseMargin, nodes);
  if (card !== null && card.model !== modelVersion(trees)) {
    const message = `the card is of model ${card.model}, the trees are ${modelVersion(trees)}`;
    return refuse({ code: 'model_damaged', message });
  }
  return accept({ trees, calibration: calibration ?? undefined, card: card ?? undefined });
}

function differenceOf(
  names: readonly string[],
  version: string | undefined,
  expected: ExpectedFeatures,
): string | undefined {
  if (version !== undefined && expected.version !== undefined && version !== expected.version) {
    return `the model is made for features ${version}, here they are ${expected.version}`;
  }
  const count = Math.max(names.length, expected.names.length);
  for (let at = 0; at < count; at += 1) {
    const [made, here] = [names[at] ?? 'nothing', expected.names[at] ?? 'nothing'];
    if (made !== here) return `column ${at} of the model is ${made}, here it is ${here}`;
  }
  return undefined;
}

function treesJson({ names, baseMargin, nodes }: BoostedTrees): Members {
  const { roots, depths, features, thresholds, lefts, missingRights, values, covers } = nodes;
  return {
    names,
    baseMargin,
    nodes: {
      roots: [...roots],
      depths: [...depths],
      features: [...features],
      /** A leaf's infinity becomes null, since JSON has no other word for it. */
      thresholds: [...thresholds],
      lefts: [...lefts],
      missingRights: [...missingRights],
      values: [...values],
      covers: [...covers],
    },
  };
}

function jsonOf(text: string): Members | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return isMembers(json) ? json : undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
