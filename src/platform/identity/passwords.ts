// Owns the hashing of passwords: scrypt (RFC 7914), which asks for much memory on purpose. So few
// are computed at once, some wait, and more are refused: logins never take the memory of the bank.

import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { assert, Fault } from '#kernel';

/** What a hash costs. Memory is 128 · 2^costLog2 · blockSize bytes for each computed at once. */
export interface PasswordCost {
  readonly costLog2: number;
  readonly blockSize: number;
  readonly parallelism: number;
}

export interface PasswordHash extends PasswordCost {
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** OWASP's first choice for scrypt: 128 MiB, N = 2^17, r = 8, p = 1. */
export const owaspCost: PasswordCost = { costLog2: 17, blockSize: 8, parallelism: 1 };

export interface PasswordHasherOptions {
  readonly cost: PasswordCost;
  /** Computed at once. */
  readonly atOnceMax: number;
  /** Waiting for their turn; one more is refused. */
  readonly waitingMax: number;
}

export interface PasswordHasher {
  hash(password: string): Promise<PasswordHash>;
  /**
   * Whether the password is the one; against nobody's hash it takes as long and answers false.
   * Throws Fault 'overloaded' when too many wait.
   */
  verify(password: string, against: PasswordHash | undefined): Promise<boolean>;
  /** Whether it was made at another cost than new ones are. */
  isOutdated(cost: PasswordCost): boolean;
}

const SALT_BYTES = 16;
const HASH_BYTES = 32;

export function openPasswordHasher(options: PasswordHasherOptions): PasswordHasher {
  const { cost } = options;
  const inTurn = openTurns(options);
  const nobody = { ...cost, salt: randomBytes(SALT_BYTES), hash: randomBytes(HASH_BYTES) };
  return {
    async hash(password) {
      const salt = randomBytes(SALT_BYTES);
      const hash = await inTurn(() => derive(password, { ...cost, salt }, HASH_BYTES));
      return { ...cost, salt, hash };
    },
    async verify(password, against) {
      const { hash, ...how } = against ?? nobody;
      const derived = await inTurn(() => derive(password, how, hash.length));
      const isSame = timingSafeEqual(derived, hash);
      return isSame && against !== undefined;
    },
    isOutdated({ costLog2, blockSize, parallelism }) {
      const isSameSize = costLog2 === cost.costLog2 && blockSize === cost.blockSize;
      return !isSameSize || parallelism !== cost.parallelism;
    },
  };
}

// Both ends of a password may spell a letter differently (NIST SP 800-63B §3.1.1.2).
function derive(
  password: string,
  { costLog2, blockSize, parallelism, salt }: Omit<PasswordHash, 'hash'>,
  bytes: number,
): Promise<Buffer> {
  const N = 2 ** costLog2;
  const cost = { N, r: blockSize, p: parallelism, maxmem: 256 * N * blockSize };
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  scrypt(password.normalize('NFKC'), salt, bytes, cost, (error, derived) => {
    if (error === null) resolve(derived);
    else reject(error);
  });
  return promise;
}

type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

function openTurns({ atOnceMax, waitingMax }: PasswordHasherOptions): InTurn {
  assert(atOnceMax > 0 && waitingMax >= 0, 'at least one password is hashed at once');
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running < atOnceMax) {
      running += 1;
    } else {
      if (waiting.length >= waitingMax) {
        const message = 'Too many people are signing in at this moment; try again shortly.';
        throw new Fault('overloaded', { retryable: true, message });
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push(resolve);
      await promise;
    }
    try {
      return await work();
    } finally {
      // Whoever waits longest takes the place over.
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
