// Owns from a content model to an automaton (Glushkov's construction): one state for each place
// where an element may stand. The standard's models are deterministic, so a child leads to one
// state at most, and a model that is not refuses its schema.
import { assert } from '#kernel';
import type { ChildRule, ContentState, Step } from './model.ts';

export type Particle = Occurrence &
  (
    | { readonly kind: 'element'; readonly name: string; readonly type: string }
    | { readonly kind: 'any' }
    | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly Particle[] }
  );

interface Occurrence {
  readonly min: number;
  /** Infinity where unbounded. */
  readonly max: number;
}

/** A part of the model: whether it may be absent, and the places at which it begins and ends. */
interface Fragment {
  readonly mayBeEmpty: boolean;
  readonly first: readonly number[];
  readonly last: readonly number[];
}

interface Place {
  readonly name: string | undefined;
  readonly rule: ChildRule;
  readonly follow: Set<number>;
}

const empty: Fragment = { mayBeEmpty: true, first: [], last: [] };

/** Elements are repeated in the automaton as often as the schema allows; unbounded is a loop. */
const REPEATED_MAX = 64;

export function automatonOf(model: Particle | undefined): readonly ContentState[] {
  const places: Place[] = [];
  const whole = model === undefined ? empty : repeated(model, places);
  const start: ContentState = stateOf(places, whole.first, whole.mayBeEmpty);
  const last = new Set(whole.last);
  const rest = places.map(({ follow }, index) => stateOf(places, [...follow], last.has(index)));
  return [start, ...rest];
}

function stateOf(places: readonly Place[], targets: readonly number[], mayEnd: boolean) {
  const next = new Map<string, Step>();
  let any: Step | undefined;
  for (const target of targets) {
    const place = places[target];
    if (place === undefined) continue;
    const step = { rule: place.rule, state: target + 1 };
    if (place.name === undefined) {
      assert(any === undefined, 'the content model is not deterministic');
      any = step;
    } else {
      assert(!next.has(place.name), 'the content model is not deterministic');
      next.set(place.name, step);
    }
  }
  return { next, any, mayEnd };
}

function repeated(particle: Particle, places: Place[]): Fragment {
  const { min, max } = particle;
  assert(min <= REPEATED_MAX && max > 0, 'an element occurs more often than is read here');
  const copies = max === Infinity ? Math.max(min, 1) : max;
  assert(copies <= REPEATED_MAX, 'an element occurs more often than is read here');
  const all = Array.from({ length: copies }, () => single(particle, places));
  for (const [index, copy] of all.entries()) {
    // Only from the copy before: where it is absent, all after it are.
    const before = all[index - 1];
    if (before !== undefined) connect(places, before.last, copy.first);
  }
  const final = all.at(-1);
  if (max === Infinity && final !== undefined) connect(places, final.last, final.first);
  const ends = all.filter((copy, index) => index + 1 >= min || copy.mayBeEmpty);
  return {
    mayBeEmpty: min === 0 || all.every(({ mayBeEmpty }) => mayBeEmpty),
    first: all[0]?.first ?? [],
    last: ends.flatMap(({ last }) => last),
  };
}

/** One after the other; where the second may be absent, the first may be the end. */
function followed(left: Fragment, right: Fragment, places: readonly Place[]): Fragment {
  connect(places, left.last, right.first);
  return {
    mayBeEmpty: left.mayBeEmpty && right.mayBeEmpty,
    first: left.mayBeEmpty ? [...left.first, ...right.first] : left.first,
    last: right.mayBeEmpty ? [...left.last, ...right.last] : right.last,
  };
}

function single(particle: Particle, places: Place[]): Fragment {
  switch (particle.kind) {
    case 'element':
      return placed(places, particle.name, { kind: 'element', type: particle.type });
    case 'any':
      return placed(places, undefined, { kind: 'any' });
    case 'sequence':
      return sequence(particle.parts, places);
    case 'choice':
      return choice(particle.parts, places);
  }
}

function placed(places: Place[], name: string | undefined, rule: ChildRule): Fragment {
  const index = places.length;
  places.push({ name, rule, follow: new Set() });
  return { mayBeEmpty: false, first: [index], last: [index] };
}

function sequence(parts: readonly Particle[], places: Place[]): Fragment {
  return parts.reduce((whole, part) => followed(whole, repeated(part, places), places), empty);
}

function choice(parts: readonly Particle[], places: Place[]): Fragment {
  const options = parts.map((part) => repeated(part, places));
  return {
    mayBeEmpty: options.some(({ mayBeEmpty }) => mayBeEmpty),
    first: options.flatMap(({ first }) => first),
    last: options.flatMap(({ last }) => last),
  };
}

function connect(places: readonly Place[], from: readonly number[], to: readonly number[]): void {
  for (const index of from) for (const target of to) places[index]?.follow.add(target);
}
