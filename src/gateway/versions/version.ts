// Owns the versions of the API: dates, each of which begins with a change that an older client
// would not understand. Handlers know the newest only. A request of an older version is brought
// forward change by change, its answer back change by change; each is a small pure function.
import { assert } from '#kernel';
import { EdgeRefusal } from '../problems.ts';

/** What of a request a change may touch. */
export interface VersionedRequest {
  /** Texts, as they came. */
  readonly query: Readonly<Record<string, unknown>>;
  /** As it was read from JSON; undefined where there is none. */
  readonly body: unknown;
}

/** What of an answer a change may touch. Problem documents are the same in all versions. */
export interface VersionedAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** What a change means for one operation. */
export interface OperationChange {
  /**
   * From the form before the change to the form since. The request is not checked yet: what is not
   * as expected is left as it is, for the check to refuse.
   */
  readonly request?: (request: VersionedRequest) => VersionedRequest;
  /** From the form since the change to the form before. */
  readonly answer?: (answer: VersionedAnswer) => VersionedAnswer;
}

/** One reason why a version is another. */
export interface Change {
  /** The first version that has it, as `2026-11-22`. */
  readonly version: string;
  /** One sentence for the manual: what a client must do differently. */
  readonly summary: string;
  /** By operationId; what is not named is the same in both. */
  readonly operations: Readonly<Record<string, OperationChange>>;
}

export interface Versions {
  /** From the oldest that is served to the newest. */
  readonly all: readonly string[];
  readonly latest: string;
  /** What a request asked for; the newest where it asked for none. Throws the refusal (400). */
  of(header: string | readonly string[] | undefined): string;
  /** A request of the version, in the form of the newest. */
  upgrade(version: string, operationId: string, request: VersionedRequest): VersionedRequest;
  /** An answer in the form of the newest, as the version has it. */
  downgrade(version: string, operationId: string, answer: VersionedAnswer): VersionedAnswer;
  /** Whether anything about the operation's answers differs. */
  isAnswerChanged(version: string, operationId: string): boolean;
  isRequestChanged(version: string, operationId: string): boolean;
}

const DATE = /^\d{4}-\d\d-\d\d$/;

/** `first` is the oldest version; `changes` are in the order in which they came. */
export function openVersions(first: string, changes: readonly Change[]): Versions {
  const all = [...new Set([first, ...changes.map(({ version }) => version)])];
  for (const [at, version] of all.entries()) {
    assert(DATE.test(version), `the version ${version} is not a date`);
    assert(at === 0 || version > String(all[at - 1]), `the version ${version} is out of order`);
  }
  assert(
    changes.every(({ version }) => version !== first),
    'the first version has no changes',
  );
  const latest = all.at(-1) ?? first;
  const known = new Set(all);
  const steps = stepsOf(changes);
  return {
    all,
    latest,
    of(header) {
      if (header === undefined) return latest;
      if (typeof header === 'string' && known.has(header)) return header;
      throw new EdgeRefusal('version_unknown', `Florin-Version is one of ${all.join(', ')}.`, {
        param: 'florin-version',
      });
    },
    upgrade: (version, operationId, request) =>
      steps(version, operationId).requests.reduce((form, change) => change(form), request),
    downgrade: (version, operationId, answer) =>
      steps(version, operationId).answers.reduce((form, change) => change(form), answer),
    isAnswerChanged: (version, operationId) => steps(version, operationId).answers.length > 0,
    isRequestChanged: (version, operationId) => steps(version, operationId).requests.length > 0,
  };
}

interface Steps {
  /** In the order in which the changes came. */
  readonly requests: readonly ((request: VersionedRequest) => VersionedRequest)[];
  /** In the reverse order. */
  readonly answers: readonly ((answer: VersionedAnswer) => VersionedAnswer)[];
}

/** What lies between a version and the newest, found out once for each operation. */
function stepsOf(changes: readonly Change[]): (version: string, operationId: string) => Steps {
  const found = new Map<string, Steps>();
  return (version, operationId) => {
    const key = `${version} ${operationId}`;
    const known = found.get(key);
    if (known !== undefined) return known;
    const later = changes
      .filter((change) => change.version > version)
      .flatMap(({ operations }) => operations[operationId] ?? []);
    const steps = {
      requests: later.flatMap(({ request }) => request ?? []),
      answers: later.flatMap(({ answer }) => answer ?? []).toReversed(),
    };
    found.set(key, steps);
    return steps;
  };
}
