// Owns which of two cores a request goes to: rules by path, method, tenant and share of customers,
// in order. Pure; the same customer is always on the same side of a percentage, for every rule, so
// that raising it moves further customers and nobody back.
import { createHash } from 'node:crypto';
import type { Id, Instant } from '#kernel';

export type LegacyRuleId = Id<'lgr'>;

/** Who answers. shadow: both, and the answers are compared. */
export const legacyModes = ['here', 'legacy', 'shadow'] as const;
export type LegacyMode = (typeof legacyModes)[number];

export const cores = ['here', 'legacy'] as const;
export type Core = (typeof cores)[number];

export const ruleMethods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export type RuleMethod = (typeof ruleMethods)[number];

export interface LegacyRule {
  readonly id: LegacyRuleId;
  readonly position: number;
  /** Undefined is every method; GET is HEAD too. */
  readonly method: RuleMethod | undefined;
  /** As `/v1/cards/{id}`, or with a star for the rest of the path: `/v1/cards/*`. */
  readonly path: string;
  /** Undefined is every tenant. */
  readonly tenant: string | undefined;
  /** Of a hundred customers so many; the others go on to the next rule. */
  readonly percent: number;
  readonly mode: LegacyMode;
  /** Whom the caller hears; the same as the mode, except in a shadow. */
  readonly answeredBy: Core;
  /** Places of answers that may differ: JSON pointers with `*` for any name, `header:NAME`. */
  readonly ignored: readonly string[];
  readonly revision: number;
  readonly changedAt: Instant;
}

/** What is known of a request when its core is chosen. */
export interface Question {
  readonly method: string;
  /** As it came, without its query. */
  readonly path: string;
  readonly tenant: string;
  readonly customer: string;
}

export const RULE_PATH = /^(?:\/(?:[A-Za-z0-9._~:-]+|\{[a-z_]+\}))*(?:\/\*)?$/;

interface Compiled {
  readonly rule: LegacyRule;
  readonly pattern: RegExp;
}

/** Rules, ready to be asked for every request. */
export interface LegacyRules {
  /** The rule that decides; undefined where Florin answers because none does. */
  of(question: Question): LegacyRule | undefined;
  /** Whether anybody's request for the path may go to the other core. */
  covers(method: string, path: string): boolean;
  readonly all: readonly LegacyRule[];
}

export function compileRules(rules: readonly LegacyRule[]): LegacyRules {
  const ordered = rules.toSorted((left, right) => left.position - right.position);
  const compiled = ordered.map((rule): Compiled => ({ rule, pattern: patternOf(rule.path) }));
  const meets = ({ rule, pattern }: Compiled, method: string, path: string): boolean =>
    (rule.method === undefined || rule.method === (method === 'HEAD' ? 'GET' : method)) &&
    pattern.test(path);
  return {
    all: ordered,
    of({ method, path, tenant, customer }) {
      if (compiled.length === 0) return undefined;
      const decoded = decodePath(path);
      if (decoded === undefined) return undefined;
      let bucket: number | undefined;
      const isIn = (percent: number): boolean => {
        if (percent === 100) return true;
        bucket ??= bucketOf(customer);
        return bucket < percent;
      };
      return compiled.find(
        (each) =>
          meets(each, method, decoded) &&
          (each.rule.tenant === undefined || each.rule.tenant === tenant) &&
          isIn(each.rule.percent),
      )?.rule;
    },
    covers(method, path) {
      if (compiled.length === 0) return false;
      const decoded = decodePath(path);
      if (decoded === undefined) return false;
      return compiled.some((each) => each.rule.mode !== 'here' && meets(each, method, decoded));
    },
  };
}

/** 0 to 99, and always the same for the same customer. */
export function bucketOf(customer: string): number {
  return createHash('sha256').update(`legacy\n${customer}`).digest().readUInt32BE() % 100;
}

function patternOf(path: string): RegExp {
  const isOpen = path.endsWith('/*');
  const segments = (isOpen ? path.slice(0, -2) : path).split('/').map(segmentPattern);
  return new RegExp(`^${segments.join('/')}${isOpen ? '(?:/.*)?' : ''}$`, 's');
}

function segmentPattern(segment: string): string {
  return segment.startsWith('{') ? '[^/]+' : segment.replaceAll(/[.~]/g, String.raw`\$&`);
}

/**
 * As the router reads it: what is escaped is the same path, and must not be a way around a rule.
 * Undefined where it cannot be decoded, which the router refuses.
 */
function decodePath(path: string): string | undefined {
  if (!path.includes('%')) return path;
  try {
    // An escaped slash is part of a name and separates nothing.
    return path.split('/').map(decodeURIComponent).map(withoutSlash).join('/');
  } catch {
    return undefined;
  }
}

function withoutSlash(segment: string): string {
  return segment.replaceAll('/', '%2F');
}
