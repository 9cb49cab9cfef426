// What tests of the archive share: the real store of objects, watched, cut off or altered.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { ObjectFacts, Objects } from '#platform';

export interface Alterations {
  /** Called before every step, with its name; what it throws is the step's failure. */
  readonly before?: (step: string) => void;
  /** Called when a step is done. */
  readonly after?: (step: string) => void;
  /** Null: as if there were no such object. Undefined: as it is. */
  readonly facts?: (key: string) => ObjectFacts | null | undefined;
}

/** The store, with every step passing by. */
export function objectsWith(objects: Objects, { before, after, facts }: Alterations): Objects {
  async function step<T>(name: string, run: () => Promise<T>): Promise<T> {
    before?.(name);
    const value = await run();
    after?.(name);
    return value;
  }
  return {
    put: (...given) => step('put', () => objects.put(...given)),
    get: (key) => step('get', () => objects.get(key)),
    async *read(key) {
      before?.('read');
      yield* objects.read(key);
    },
    facts: (key) =>
      step('facts', async () => {
        const given = facts?.(key);
        return given === null ? undefined : (given ?? (await objects.facts(key)));
      }),
    list: (prefix) => objects.list(prefix),
    retain: (...given) => step('retain', () => objects.retain(...given)),
    hold: (...given) => step('hold', () => objects.hold(...given)),
    remove: (...given) => step('remove', () => objects.remove(...given)),
    point: (...given) => step('point', () => objects.point(...given)),
    pointed: (key) => step('pointed', () => objects.pointed(key)),
  };
}

export async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Bytes of buffers in use, without those that only wait to be collected. */
export function bufferBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().arrayBuffers;
}
