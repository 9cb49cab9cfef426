// What tests of these commands share: what a command prints and how it ends, as its caller sees it.

import { EXIT_UNUSABLE, UsageError } from '../../usage.ts';

export interface Ran {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

export async function captured(work: () => Promise<number>): Promise<Ran> {
  const streams = [process.stdout, process.stderr] as const;
  const originals = streams.map((stream) => stream.write.bind(stream));
  const printed = ['', ''];
  for (const [at, stream] of streams.entries()) {
    stream.write = (piece: string | Uint8Array) => {
      // The test's own reports are bytes, and pass.
      if (typeof piece !== 'string') return originals[at]?.(piece) === true;
      printed[at] += piece;
      return true;
    };
  }
  const end = (code: number): Ran => {
    const [output = '', errors = ''] = printed;
    return { code, output, errors };
  };
  try {
    return end(await work());
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    printed[1] += error.message;
    return end(EXIT_UNUSABLE);
  } finally {
    for (const [at, stream] of streams.entries()) Object.assign(stream, { write: originals[at] });
  }
}
