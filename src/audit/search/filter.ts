// Owns what can be asked of the log, and judges a record by it exactly. The terms of a filter are
// what the index is asked for; every record that passes has them all.

import { formatInstant, parseInstant, type Instant } from '#kernel';
import type { JsonObject } from '../canonical.ts';
import type { Outcome } from '../record.ts';
import { parseLeaf, searchableTexts, type Leaf } from './leaf.ts';
import { scanLeaf } from './scan.ts';
import { term, wordTerm } from './term.ts';
import { isIndexed, isPrefixedId, wordsOf } from './words.ts';

/** All that is given must hold. */
export interface RecordFilter {
  readonly actor?: string | undefined;
  /** What it was done to; or an id (acc_…) that stands anywhere in the record. */
  readonly target?: string | undefined;
  /** A whole name, or the beginning of names up to and with a dot: "ledger.". */
  readonly action?: string | undefined;
  readonly outcome?: Outcome | undefined;
  readonly reason?: string | undefined;
  /** The request it was recorded in, and the network address that came from. */
  readonly request?: string | undefined;
  readonly address?: string | undefined;
  /** When it was recorded, both inclusive. */
  readonly from?: Instant | undefined;
  readonly to?: Instant | undefined;
  /** Words of which each must occur, in any order and letter case. */
  readonly text?: string | undefined;
  /** Indices of leaves, both inclusive. */
  readonly leafFrom?: number | undefined;
  readonly leafTo?: number | undefined;
}

/** The filter as it was asked, in JSON. */
export function describeFilter(filter: RecordFilter): JsonObject {
  const { actor, target, action, outcome, reason, request, address, from, to, text } = filter;
  return {
    actor,
    target,
    action,
    outcome,
    reason,
    request,
    address,
    from: from === undefined ? undefined : formatInstant(from),
    to: to === undefined ? undefined : formatInstant(to),
    text,
    leaf_from: filter.leafFrom,
    leaf_to: filter.leafTo,
  };
}

/**
 * The filter for the record that says it was asked: without the words of the text, which may be a
 * person's name, and what is recorded in clear can never be erased.
 */
export function describeForLog(filter: RecordFilter): JsonObject {
  const { text, ...rest } = filter;
  const words = text === undefined ? undefined : wordsOf(text).length;
  return { ...describeFilter(rest), words };
}

// More would not find fewer; and one number keeps a bit for each.
const TERMS_MAX = 30;

export function termsOf(filter: RecordFilter): number[] {
  const { actor, target, action, outcome, reason, request, address, text = '' } = filter;
  const terms = [
    ...wordsOf(text).filter(isIndexed).map(wordTerm),
    ...(target === undefined ? [] : [term('id', target)]),
    ...(request === undefined ? [] : [term('request', request)]),
    ...(address === undefined ? [] : [term('address', address)]),
    ...(actor === undefined ? [] : [term('actor', actor)]),
    ...(reason === undefined ? [] : [term('reason', reason)]),
    ...(action === undefined ? [] : [term('action', action)]),
    ...(outcome === undefined ? [] : [term('outcome', outcome)]),
  ];
  return [...new Set(terms)].slice(0, TERMS_MAX);
}

/** What a leaf is found to be: a record that passes, one that does not, or no record at all. */
export type Verdict = Leaf | 'other' | 'unreadable';

export function judgeOf(filter: RecordFilter): (bytes: Buffer) => Verdict {
  const terms = new Map(termsOf(filter).map((each, index) => [each, 1 << index]));
  const all = 2 ** terms.size - 1;
  const words = wordsOf(filter.text ?? '');
  let found = 0;
  const note = (each: number): void => {
    found |= terms.get(each) ?? 0;
  };
  return (bytes) => {
    found = 0;
    // Ten times as fast as parsing the many that have not the terms.
    if (all > 0) scanLeaf(bytes, note);
    if (found !== all) return 'other';
    const leaf = parseLeaf(bytes);
    if (leaf === undefined) return 'unreadable';
    return passes(leaf, filter, words) ? leaf : 'other';
  };
}

function passes(leaf: Leaf, filter: RecordFilter, words: readonly string[]): boolean {
  const { actor, target, action, outcome, reason, request, address, from, to } = filter;
  if (actor !== undefined && leaf.actor.id !== actor) return false;
  if (outcome !== undefined && leaf.outcome !== outcome) return false;
  if (reason !== undefined && leaf.reason !== reason) return false;
  if (request !== undefined && leaf.origin.request_id !== request) return false;
  if (address !== undefined && leaf.origin.address !== address) return false;
  if (action !== undefined && !isNamed(leaf.action, action)) return false;
  if (!isWithin(leaf, from, to)) return false;
  if (words.length === 0 && (target === undefined || leaf.target === target)) return true;
  const occurring = new Set([...searchableTexts(leaf)].flatMap(wordsOf));
  if (!words.every((word) => occurring.has(word))) return false;
  if (target === undefined || leaf.target === target) return true;
  return isPrefixedId(target) && occurring.has(target);
}

function isNamed(name: string, wanted: string): boolean {
  return wanted.endsWith('.') ? name.startsWith(wanted) : name === wanted;
}

function isWithin(leaf: Leaf, from: Instant | undefined, to: Instant | undefined): boolean {
  if (from === undefined && to === undefined) return true;
  const at = parseInstant(leaf.at);
  return at !== undefined && at >= (from ?? -Infinity) && at <= (to ?? Infinity);
}
