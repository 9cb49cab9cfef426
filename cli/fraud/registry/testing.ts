// What tests of these commands share: how a command ends, as its caller at a terminal sees it.

import { captured, type Ran } from '../../testing.ts';
import { EXIT_UNUSABLE, UsageError } from '../../usage.ts';

export async function ended(work: () => Promise<number>): Promise<Ran> {
  return await captured(async () => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      process.stderr.write(error.message);
      return EXIT_UNUSABLE;
    }
  });
}
