// Owns the check for our own mistakes. A failed assertion is a bug: nothing below the top catches
// it, and the transaction it happened in dies with it.

export class Bug extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Bug';
  }
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Bug(message);
}

/** For the default branch of an exhaustive switch: a case the compiler can see was forgotten. */
export function assertNever(value: never): never {
  throw new Bug(`unexpected value: ${String(value)}`);
}
