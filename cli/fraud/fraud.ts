// florin fraud VERB: generates card transactions, trains and judges models on them, scores, tests
// rules against history and explains a score. It works on files alone; no bank need be there.

import { UsageError, type Command, type Environment } from '../usage.ts';

export const fraudCommand: Command = {
  name: 'fraud',
  takes: 'generate | train | score | backtest | explain | lake | cases …',
  summary: 'train and judge fraud models, test rules on history, explain a score',
  details: [
    'generate FILE | FOLDER --lake [--customers N] [--terminals N] [--days N] [--seed N]',
    '               [--patterns NAME[@DAY],… | none] [--drift PERCENT] [--force]',
    'train SOURCE --model FILE [--features generic|handbook|wider] [--seed N]',
    '               [--trees N] [--depth N] [--rate SHARE] [--row-share SHARE]',
    '               [--column-share SHARE]',
    '               [--train-days N] [--delay-days N] [--test-days N] [--test-from DATE]',
    '               [--weeks N] [--hold-out NAME,…] [--force]',
    'score SOURCE --model FILE --out FILE [--since DATE] [--force]',
    'backtest SOURCE BEFORE AFTER [--model FILE] [--since DATE] [--json]',
    'explain SOURCE --model FILE --transaction NUMBER [--json]',
    'train --from-lake [COPY] --from DATE --until DATE --model FILE [--tenant NAME] …',
    'backtest --from-lake [COPY] BEFORE AFTER --from DATE --until DATE [--model FILE]',
    '               [--tenant NAME] [--json]',
    'cases list [--queue NAME] [--state STATE] [--assignee NAME] [--text WORDS] [--first N]',
    'cases show ID',
    'cases claim [ID | --queue NAME]',
    'cases note ID --note TEXT',
    'cases close ID --outcome fraud|genuine|inconclusive [--pattern TEXT] --note TEXT',
    'cases report ID --narrative FILE --out FILE [--kind TEXT]… [--force]',
    'rules list | show ID|starter | check FILE | add FILE | activate ID [--note TEXT]',
    'lists show LIST [--kind KIND [--value VALUE]] [--first N]',
    'lists put LIST KIND VALUE [--until TIME] [--note TEXT]',
    'lists take LIST KIND VALUE',
    'lists load LIST FILE [--take]',
    'models list | add FILE [--drift FILE] | challenge ID | contest [--weeks N]',
    'models promote ID [--weeks N] [--despite --note TEXT]',
    'models retire ID [--note TEXT]',
    'models reference MODEL [COPY] --from DATE --until DATE --out FILE',
    'replay [--since TIME] [--tenant NAME] [--json]',
    'events annul --later-than TIME --note TEXT [--tenant NAME]',
    'lake status [--tenant NAME]',
    'lake copy FOLDER [--tenant NAME] [--from DATE --until DATE]',
    'lake compact [--tenant NAME] [--from DATE --until DATE]',
    '',
    'SOURCE is a file of columns (.col.bin.gz), or the folder of a lake with --from DATE and',
    '--until DATE, both included. BEFORE and AFTER are rule sets in JSON. The same input, options',
    'and seed give the same output.',
    '',
    'With --from-lake, payments that the bank has decided about are learnt from and replayed,',
    'with the features as they were: of its own lake, or of a COPY that lake copy has made. The',
    'files of a copy are read by anything that reads Parquet. Rules that look into lists find',
    'nothing there.',
    '',
    'replay makes the decisions that were kept again, and names those that come out otherwise.',
    '',
    'events annul takes what was judged at a time that never was, after a clock had jumped, out of',
    'the histories of every server. Decisions stay as they are.',
    '',
    'rules, lists and models change what payments are screened by, of --tenant NAME or of the',
    'first, in every server within about a second. LIST is allow, block or watch. lists load',
    'reads one JSON object a line: kind, value and, if wanted, until and note.',
    '',
    'Exit code: 0 done, 1 failed, 2 an option or a file cannot be used.',
  ].join('\n'),
  run: async (args, env) => await runFraud(args, env),
};

async function runFraud([name, ...rest]: string[], env: Environment): Promise<number> {
  if (name === 'generate') return await (await import('./generate.ts')).runGenerate(rest);
  if (name === 'train') return await (await import('./train.ts')).runTrain(rest, env);
  if (name === 'score') return await (await import('./score.ts')).runScore(rest);
  if (name === 'backtest') return await (await import('./backtest.ts')).runBackTest(rest, env);
  if (name === 'explain') return await (await import('./explain.ts')).runExplain(rest);
  if (name === 'lake') return await (await import('./lake/lake.ts')).runLake(rest, env);
  if (name === 'cases') return await (await import('./cases/cases.ts')).runCases(rest, env);
  if (name === 'rules') return await (await import('./registry/rules.ts')).runRules(rest, env);
  if (name === 'lists') return await (await import('./registry/lists.ts')).runLists(rest, env);
  if (name === 'models') return await (await import('./registry/models.ts')).runModels(rest, env);
  if (name === 'replay') return await (await import('./decisions/replay.ts')).runReplay(rest, env);
  if (name === 'events') return await (await import('./decisions/events.ts')).runEvents(rest, env);
  throw new UsageError(
    'fraud is followed by generate, train, score, backtest, explain, cases, rules, lists, ' +
      'models, lake, replay or events.',
  );
}
