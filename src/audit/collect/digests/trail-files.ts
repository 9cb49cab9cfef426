// Owns which of some files are digests, logs and signatures of CloudTrail, and which file is the
// object that a digest names. Files may be a copy of the bucket, of a folder in it, or lie deeper:
// a path and an object's key are the same when one ends in the other.

export interface TrailFiles {
  /** With slashes, from any folder above. */
  readonly paths: readonly string[];
  read(path: string): AsyncIterable<Buffer>;
}

/** Beside a digest, with its signature. */
const SIGNATURE_ENDINGS = ['.signature', '.metadata.json'];

const DIGEST = /_CloudTrail-Digest_.*\.json(\.gz)?$/;
const LOG = /_CloudTrail(-[A-Za-z]+)?_.*\.json(\.gz)?$/;
const DELIVERED_AT = /_(\d{8}T\d{4,6}Z)(?:_[A-Za-z0-9]+)?\.json/;

export class FoundFiles {
  readonly digests: readonly string[];
  readonly logs: readonly string[];
  readonly #byName: ReadonlyMap<string, readonly string[]>;
  readonly #paths: ReadonlySet<string>;

  constructor({ paths }: TrailFiles) {
    const others = paths.filter((path) => !SIGNATURE_ENDINGS.some((end) => path.endsWith(end)));
    this.digests = others.filter((path) => DIGEST.test(nameOf(path))).toSorted();
    this.logs = others
      .filter((path) => LOG.test(nameOf(path)) && !DIGEST.test(nameOf(path)))
      .toSorted();
    this.#byName = Map.groupBy(others, nameOf);
    this.#paths = new Set(paths);
  }

  /** The path of the object, if it is among the files. */
  find(object: string): string | undefined {
    return this.#byName.get(nameOf(object))?.find((path) => isSame(path, object));
  }

  /** The file with a digest's signature. */
  signatureOf(digest: string): string | undefined {
    return SIGNATURE_ENDINGS.map((end) => `${digest}${end}`).find((path) => this.#paths.has(path));
  }
}

export function isSame(path: string, object: string): boolean {
  return path === object || path.endsWith(`/${object}`) || object.endsWith(`/${path}`);
}

/** When a log was delivered, by its name, as digits: 20261121T2000Z. */
export function deliveredAt(path: string): string | undefined {
  return DELIVERED_AT.exec(nameOf(path))?.[1];
}

/** What the digests of one chain have in common: their names without the time. */
export function chainOf(path: string): string {
  return nameOf(path).replace(/_\d{8}T\d{6}Z/, '');
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
