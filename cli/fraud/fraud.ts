// florin fraud VERB: generates card transactions, trains and judges models on them, scores, tests
// rules against history and explains a score. It works on files alone; no bank need be there.

import { UsageError, type Command } from '../usage.ts';

export const fraudCommand: Command = {
  name: 'fraud',
  takes: 'generate | train | score | backtest | explain …',
  summary: 'train and judge fraud models, test rules on history, explain a score',
  details: [
    'generate FILE | FOLDER --lake [--customers N] [--terminals N] [--days N] [--seed N]',
    '               [--patterns NAME[@DAY],… | none] [--drift PERCENT] [--force]',
    'train SOURCE --model FILE [--features generic|handbook] [--seed N] [--trees N] [--depth N]',
    '               [--rate SHARE] [--row-share SHARE] [--column-share SHARE]',
    '               [--train-days N] [--delay-days N] [--test-days N] [--test-from DATE]',
    '               [--weeks N] [--hold-out NAME,…] [--force]',
    'score SOURCE --model FILE --out FILE [--since DATE] [--force]',
    'backtest SOURCE BEFORE AFTER [--model FILE] [--since DATE] [--json]',
    'explain SOURCE --model FILE --transaction NUMBER [--json]',
    '',
    'SOURCE is a file of columns (.col.bin.gz), or the folder of a lake with --from DATE and',
    '--until DATE, both included. BEFORE and AFTER are rule sets in JSON. The same input, options',
    'and seed give the same output.',
    '',
    'Exit code: 0 done, 1 failed, 2 an option or a file cannot be used.',
  ].join('\n'),
  run: async (args) => await runFraud(args),
};

async function runFraud([name, ...rest]: string[]): Promise<number> {
  if (name === 'generate') return await (await import('./generate.ts')).runGenerate(rest);
  if (name === 'train') return await (await import('./train.ts')).runTrain(rest);
  if (name === 'score') return await (await import('./score.ts')).runScore(rest);
  if (name === 'backtest') return await (await import('./backtest.ts')).runBackTest(rest);
  if (name === 'explain') return await (await import('./explain.ts')).runExplain(rest);
  throw new UsageError('fraud is followed by generate, train, score, backtest or explain.');
}
