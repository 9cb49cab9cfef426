// A pool of server processes that share the limits of one database, for tests that compare what
// they admit together with what one would.

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Admission } from '../admission.ts';
import type { Arrival, Departure } from './limit-process.ts';

const program = fileURLToPath(new URL('limit-process.ts', import.meta.url));

export class LimitProcesses {
  readonly #children: readonly ChildProcess[];
  readonly #waiting = new Map<number, (admissions: readonly Admission[]) => void>();
  #number = 0;

  private constructor(children: readonly ChildProcess[]) {
    this.#children = children;
    for (const child of children) {
      child.on('message', ({ number, admissions }: Departure) => {
        this.#waiting.get(number)?.(admissions);
        this.#waiting.delete(number);
      });
    }
  }

  static async start(url: string, count: number): Promise<LimitProcesses> {
    const children = Array.from({ length: count }, () =>
      fork(program, [url], { stdio: 'inherit' }),
    );
    await Promise.all(children.map((child) => once(child, 'message')));
    return new LimitProcesses(children);
  }

  get count(): number {
    return this.#children.length;
  }

  /** Has one of the processes decide about requests that arrive together. */
  ask(process: number, arrival: Omit<Arrival, 'number'>): Promise<readonly Admission[]> {
    this.#number += 1;
    const number = this.#number;
    const { promise, resolve } = Promise.withResolvers<readonly Admission[]>();
    this.#waiting.set(number, resolve);
    this.#children[process]?.send({ ...arrival, number });
    return promise;
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#children.map(async (child) => {
        const ended = once(child, 'exit');
        child.disconnect();
        await ended;
      }),
    );
  }
}
