// Owns what a self-check can find, and how it is kept in the figures of the alarm: the alarm may
// end only when exactly this was looked at again and found well, by whatever process.

import { Fault } from '#kernel';
import type { JsonObject } from '../canonical.ts';

export type SelfCheckCode =
  | 'record_changed'
  | 'bundle_missing'
  | 'bundle_damaged'
  | 'place_missing'
  | 'proof_broken'
  | 'checkpoint_unsigned'
  | 'checkpoint_changed'
  | 'log_rewritten'
  | 'log_set_back';

/** A tree head that was once true. */
export interface SeenTree {
  readonly size: number;
  readonly root: Buffer;
}

export interface SelfCheckFinding {
  readonly code: SelfCheckCode;
  readonly message: string;
  readonly leaf?: number;
  /** The size of the checkpoint. */
  readonly checkpoint?: number;
  /** What the log does not continue. */
  readonly tree?: SeenTree;
}

/** What an earlier check found wrong. */
export interface Recheck {
  readonly leaves: readonly number[];
  readonly checkpoints: readonly number[];
  readonly trees: readonly SeenTree[];
}

const KEPT_MAX = 16;

export function figuresOf(findings: readonly SelfCheckFinding[]): JsonObject {
  if (findings.length === 0) return {};
  const kept = <Value>(pick: (finding: SelfCheckFinding) => Value | undefined): Value[] =>
    findings
      .map(pick)
      .filter((value) => value !== undefined)
      .slice(0, KEPT_MAX);
  return {
    checkpoints: kept(({ checkpoint }) => checkpoint),
    codes: [...new Set(findings.map(({ code }) => code))].toSorted(),
    leaves: kept(({ leaf }) => leaf),
    trees: kept(({ tree }) => tree).map(({ size, root }) => [size, root.toString('base64')]),
  };
}

/** Reads the figures of an alarm. What is not as this code writes it is passed over. */
export function recheckOf(figures: JsonObject | undefined): Recheck {
  const trees = listOf(figures?.['trees']).flatMap((pair) => {
    const [size, root] = listOf(pair);
    if (!isIndex(size) || typeof root !== 'string') return [];
    return [{ size, root: Buffer.from(root, 'base64') }];
  });
  return {
    leaves: listOf(figures?.['leaves']).filter(isIndex),
    checkpoints: listOf(figures?.['checkpoints']).filter(isIndex),
    trees,
  };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/**
 * The sentence of a tree with a hole; a fault that passes is thrown on, for the schedule to report.
 */
export function damageIn(error: unknown): string {
  if (error instanceof Fault && !error.retryable) return error.message;
  throw error;
}
