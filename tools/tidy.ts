// The style of the house as rules: pure functions from a file's path and text to what is wrong.
// The tidy test applies them to the repository; their own test plants a violation for each.
import type { TextFile } from './tree.ts';

export interface Finding {
  readonly rule: string;
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

export interface FileRule {
  readonly name: string;
  readonly appliesTo: (path: string) => boolean;
  /** Yields the offset of each offence in the text, and what to do instead. */
  readonly find: (file: TextFile) => Iterable<readonly [offset: number, message: string]>;
}

const columnsMax = 100;
const linesMax = 500;
const headerLinesMax = 5;

const isCode = (path: string) => /[.](ts|mjs|cjs)$/.test(path);
const isSql = (path: string) => path.endsWith('.sql');
const isTest = (path: string) =>
  /[.]test[.]ts$|(^|\/)testing([.]ts|\/)|-testing[.]ts$|^src\/.*\/test-[a-z-]+[.]ts$/.test(path);
const isSource = (path: string) => path.startsWith('src/') && isCode(path) && !isTest(path);
const isProduct = (path: string) => /^(src|cli)\//.test(path) && isCode(path) && !isTest(path);
/** The rules and their probes must be able to name what they forbid. */
const isAboutRules = (path: string) => /^tools\/(tidy|test-report)([.]test)?[.]ts$/.test(path);
const isGenerated = (path: string) => path === 'docs/reference/schema.sql';

const bannedWords = 'utils?|helpers?|commons?|services?|managers?';
const bannedFileName = new RegExp(`(^|[/.-])(${bannedWords})([/.-]|$)`);
const bannedDeclaration = new RegExp(
  '\\b(interface I[A-Z][a-z]\\w*' +
    '|(class|interface|type|function|const|let) \\w+(Impl|Service|Manager|Helper|Utils?)\\b)',
  'g',
);

/** Statements, not words: "update failed" is prose, "update x set" is SQL. */
const sqlText = new RegExp(
  '[\'"`]\\s*(select\\s(?=[^\'"`]*\\sfrom\\s)|select\\s+[\\w.]+\\(|with\\s+\\w+\\s+as\\s' +
    '|insert\\s+into\\s|update\\s+[\\w.]+\\s+set\\s|delete\\s+from\\s' +
    '|truncate\\s|lock\\s+table\\s|call\\s+\\w+[.(]' +
    '|(create|alter|drop)\\s+(or\\s+replace\\s+)?(table|function|schema|role|index|view|type)\\s)',
  'gi',
);

const sqlKeywords = new RegExp(
  '\\b(SELECT|INSERT|UPDATE|DELETE|FROM|WHERE|CREATE|ALTER|DROP|TABLE|INTO|VALUES|SET|JOIN|AS|ON' +
    '|RETURNS|BEGIN|END|ORDER|GROUP|BY|AND|OR|NOT|NULL|IF|THEN|ELSE|LOOP|FOR|GRANT|FUNCTION)\\b',
  'g',
);

export const fileRules: readonly FileRule[] = [
  {
    name: 'columns',
    appliesTo: (path) => (isCode(path) || isSql(path)) && !isGenerated(path),
    *find({ text }) {
      for (const [offset, line] of linesOf(text)) {
        // A link cannot be broken in two, nor the sentence that names a test.
        const isWhole = /https?:\/\/|^\s*test\(['"`]/.test(line);
        if (line.length > columnsMax && !isWhole) {
          yield [offset, `${line.length} columns; at most ${columnsMax}`];
        }
      }
    },
  },
  {
    name: 'file-length',
    appliesTo: (path) => (isCode(path) || isSql(path)) && !isGenerated(path),
    *find({ text }) {
      const count = text.trimEnd().split('\n').length;
      if (count > linesMax) {
        yield [0, `${count} lines; at most ${linesMax}: a file holds one idea`];
      }
    },
  },
  {
    name: 'header',
    appliesTo: (path) => (isCode(path) || isSql(path)) && !isTest(path) && !isGenerated(path),
    *find({ path, text }) {
      const count = headerLines(text, isSql(path) ? '--' : '//');
      if (count === 0) {
        yield [0, 'begins without a comment that says what the file owns and what is always true'];
      }
      // Migrations also state their lock and duration, so their headers may be longer.
      if (count > headerLinesMax && !isSql(path)) {
        yield [0, `a header of ${count} lines; at most ${headerLinesMax}`];
      }
    },
  },
  {
    name: 'file-name',
    appliesTo: (path) => isCode(path) || isSql(path),
    *find({ path }) {
      const isKebab = path
        .replace(/[.](test|database|http|d)(?=[.])/g, '')
        .split('/')
        .every((part) => /^[.]?[a-z0-9]+([-_][a-z0-9]+)*([.](ts|mjs|cjs|sql))?$/.test(part));
      if (!isKebab || (isCode(path) && path.includes('_'))) {
        yield [0, 'file names are kebab-case (SQL files may use underscores)'];
      }
      if (bannedFileName.test(path)) {
        yield [0, 'a drawer, not a name: say what is inside'];
      }
    },
  },
  {
    name: 'declared-name',
    appliesTo: (path) => isCode(path) && !isAboutRules(path),
    find: everyMatch(bannedDeclaration, 'no I…, …Impl, …Service, …Manager, …Helper, …Util names'),
  },
  {
    name: 'clock',
    appliesTo: (path) => isSource(path) && !path.startsWith('src/platform/'),
    find: everyMatch(/\bDate\.now\(|\bnew Date\(/g, 'time comes from the clock in the context'),
  },
  {
    name: 'floats',
    appliesTo: (path) => isProduct(path) && path !== 'src/kernel/money.ts',
    find: everyMatch(/\bparseFloat\(|\.toFixed\(/g, 'decimal text is read and written by money.ts'),
  },
  {
    name: 'console',
    appliesTo: isSource,
    find: everyMatch(/\bconsole\.\w/g, 'the bank speaks through its log; only cli and tools print'),
  },
  {
    name: 'sql-in-stores',
    appliesTo: (path) =>
      isProduct(path) &&
      !/(^|[/-])store[.]ts$/.test(path) &&
      !path.startsWith('src/platform/database/'),
    find: everyMatch(sqlText, 'SQL stands in store.ts, *-store.ts and .sql files'),
  },
  {
    name: 'sql-case',
    appliesTo: (path) => isSql(path) && !isGenerated(path),
    *find({ text }) {
      // Comments and quoted text may shout; they are blanked so that the offsets stay.
      const bare = text.replace(/--[^\n]*|'[^']*'/g, (match) => match.replace(/[^\n]/g, ' '));
      for (const match of bare.matchAll(sqlKeywords)) {
        yield [match.index, `"${match[0]}": SQL is written in lower case`];
      }
    },
  },
  {
    name: 'migration-name',
    appliesTo: (path) => /(^|\/)migrations\//.test(path),
    *find({ path }) {
      if (!/^src\/[a-z]+\/migrations\/\d{4}_[a-z0-9_]+[.]sql$/.test(path)) {
        yield [0, 'a migration is src/<context>/migrations/NNNN_what.sql'];
      }
    },
  },
  {
    name: 'import-ending',
    appliesTo: (path) => isCode(path) && !isAboutRules(path),
    find: everyMatch(
      /(?:\bfrom|\bimport\(?)\s*'[.]{1,2}\/(?:[^'](?![.](?:ts|mjs|cjs|json|sql)'))*'/g,
      'a relative import names the file with its ending (.ts)',
    ),
  },
  {
    name: 'skipped-test',
    appliesTo: (path) => isTest(path) && !isAboutRules(path),
    find: everyMatch(
      /\b(test|it|describe|suite)\.(only|skip|todo)\(|\b(skip|todo|only): (true|['"`])/g,
      'a test runs or does not exist',
    ),
  },
  {
    name: 'merge-marker',
    appliesTo: (path) => !isAboutRules(path),
    find: everyMatch(/^(<{7}|={7}|>{7})(?= |$)/gm, 'an unfinished merge'),
  },
  {
    name: 'machine-path',
    appliesTo: (path) => !isAboutRules(path),
    find: everyMatch(
      /(?<![\w.~-])\/(work(space)?|home\/\w+|Users\/\w+)\//g,
      "a path of one machine: another reader's has none",
    ),
  },
  {
    name: 'registry-host',
    appliesTo: (path) => !isAboutRules(path),
    find: everyMatch(
      /registry\.(npmjs|yarnpkg|npmmirror)|"resolved":/g,
      "the reader's npm knows its registry",
    ),
  },
];

/** Applies every rule that concerns a file to it. */
export function findingsIn(file: TextFile, rules: readonly FileRule[] = fileRules): Finding[] {
  return rules
    .filter((rule) => rule.appliesTo(file.path))
    .flatMap((rule) =>
      Array.from(rule.find(file), ([offset, message]) => ({
        rule: rule.name,
        path: file.path,
        line: file.text.slice(0, offset).split('\n').length,
        message,
      })),
    );
}

function everyMatch(pattern: RegExp, message: string): FileRule['find'] {
  return function* find({ text }) {
    for (const match of text.matchAll(pattern)) {
      yield [match.index, `"${match[0].trim()}": ${message}`];
    }
  };
}

function* linesOf(text: string): Generator<readonly [offset: number, line: string]> {
  let offset = 0;
  for (const line of text.split('\n')) {
    yield [offset, line];
    offset += line.length + 1;
  }
}

/** The number of lines in the comment that a file begins with (after `#!`). */
function headerLines(text: string, marker: '//' | '--'): number {
  const body = text.replace(/^#![^\n]*\n/, '');
  const block = /^\/\*[\s\S]*?\*\//.exec(body)?.[0];
  if (block !== undefined) {
    return block.split('\n').filter((line) => /\w/.test(line)).length;
  }
  const lines = body.split('\n');
  const end = lines.findIndex((line) => !line.startsWith(marker));
  return end === -1 ? lines.length : end;
}
