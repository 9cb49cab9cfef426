// How a verification prints what it found: a table of rules, the breaches of each, and the sentence
// that says whether all is well. Of the books and of the audit log alike.

/** What was checked under one rule; counts are bigint where rows can be that many. */
export interface CheckedRule {
  readonly rule: string;
  readonly meaning: string;
  readonly subject: string;
  readonly checked: bigint | number;
  readonly breaches: bigint | number;
}

export interface Breach {
  readonly rule: string;
  readonly severity: 'error' | 'warning';
  readonly place: string;
  readonly expected: string;
  readonly found: string;
}

export interface CheckedRules {
  readonly rules: readonly CheckedRule[];
  /** Of each rule at most as many as were asked for. */
  readonly findings: readonly Breach[];
}

/** The table, and below it what is wrong. The hint says how to see more of it. */
export function linesOfRules({ rules, findings }: CheckedRules, hint: string): string[] {
  const lines = ['', ...tableOf(rules), ''];
  for (const { rule, breaches } of rules) {
    const listed = findings.filter((finding) => finding.rule === rule);
    if (listed.length === 0) continue;
    lines.push(...listed.map(lineOf));
    const hidden = BigInt(breaches) - BigInt(listed.length);
    if (hidden > 0n) lines.push(`  and ${grouped(hidden)} more of ${rule} (${hint})`);
    lines.push('');
  }
  return lines;
}

/** Of what, as a singular noun with its article: "The books are", "The log is". */
export function verdictOf(
  subject: 'The books are' | 'The log is',
  { rules, isSound }: { readonly rules: readonly CheckedRule[]; readonly isSound: boolean },
): string {
  const broken = rules.filter(({ breaches }) => breaches > 0).length;
  if (!isSound)
    return `${subject.toUpperCase()} NOT SOUND: ${broken} of ${rules.length} rules are broken`;
  const warnings = broken === 0 ? '' : `, with warnings under ${broken} of them`;
  return `${subject} sound: all ${rules.length} rules hold${warnings}`;
}

/** In seconds with one decimal. */
export function secondsOf(elapsedMs: number): string {
  return String(Math.round(elapsedMs / 100) / 10);
}

export function grouped(count: bigint | number): string {
  return count.toLocaleString('en-GB');
}

function tableOf(rules: readonly CheckedRule[]): string[] {
  const rows = [
    ['rule', 'checked', '', 'breaches', 'meaning'],
    ...rules.map(({ rule, meaning, subject, checked, breaches }) => {
      return [rule, grouped(checked), subject, grouped(breaches), meaning];
    }),
  ];
  const width = (column: number): number =>
    Math.max(...rows.map((row) => (row[column] ?? '').length));
  return rows.map(([rule = '', checked = '', subject = '', breaches = '', meaning = '']) =>
    [
      `  ${rule.padEnd(width(0))}`,
      checked.padStart(width(1)),
      subject.padEnd(width(2)),
      breaches.padStart(width(3)),
      ` ${meaning}`,
    ].join(' '),
  );
}

function lineOf({ rule, severity, place, expected, found }: Breach): string {
  const mark = severity === 'warning' ? 'warning' : 'WRONG';
  return `  ${mark} ${rule}: ${place}: expected ${expected}; found ${found}`;
}
