// florin fraud events annul: takes what was judged at a time that never was, after a clock had
// jumped, out of what every server screens by. Decisions and payments stay as they are.

import { annulLater } from '#fraud';
import { formatInstant, parseInstant } from '#kernel';
import { grouped } from '../../rules-report.ts';
import { parseStrictly, UsageError, type Environment } from '../../usage.ts';
import { done, refused, runVerb, tenantOption, type Asked } from '../registry/within.ts';

const NOTE_LENGTH_MAX = 500;

export async function runEvents(args: string[], env: Environment): Promise<number> {
  return await runVerb('events', { annul: parseAnnul }, args, env);
}

function parseAnnul(args: string[]): Asked {
  const options = {
    ...tenantOption,
    'later-than': { type: 'string' },
    note: { type: 'string' },
  } as const;
  const { values } = parseStrictly({ args, options });
  const laterThan = parseInstant(values['later-than'] ?? '');
  if (laterThan === undefined) {
    throw new UsageError('--later-than must be a time such as 2027-01-01T00:00:00Z.');
  }
  const { note = '' } = values;
  if (note === '' || note.length > NOTE_LENGTH_MAX) {
    throw new UsageError(`--note says why, in 1 to ${NOTE_LENGTH_MAX} letters.`);
  }
  return {
    tenant: values.tenant,
    async act({ change }) {
      const annulled = await change((tx) => annulLater(tx, { laterThan, note }));
      if (!annulled.ok) return refused(annulled.refusal);
      const { id, decisions } = annulled.value;
      const what = `${grouped(decisions)} decisions of after ${formatInstant(laterThan)}`;
      return done(`${id}: ${what} count in no history any more.`);
    },
  };
}
