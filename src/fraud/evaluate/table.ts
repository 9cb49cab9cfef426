// Owns how results are set out as text: a model a line, each metric beside the published figure.
// Figures are rounded to three decimals, half up; what is not a number is a dash.

import type { Metrics } from './metrics.ts';

export interface TableRow {
  readonly model: string;
  readonly metrics: Metrics;
  /** Over the folds; absent where there was one. */
  readonly deviation?: Metrics | undefined;
  /** What the handbook prints for it; absent where it has no such model. */
  readonly published?: Metrics | undefined;
}

const metricColumns = [
  { head: 'AUC ROC', metric: 'aucRoc' },
  { head: 'AP', metric: 'averagePrecision' },
  { head: 'CP@100', metric: 'cardPrecision' },
] as const satisfies readonly { head: string; metric: keyof Metrics }[];

const between = '  ';

export function formatTable(title: string, rows: readonly TableRow[]): string {
  const heads = ['model', ...metricColumns.flatMap(({ head }) => [head, 'published'])];
  const lines = [heads, ...rows.map(cellsOf)];
  const widths = heads.map((_, column) =>
    Math.max(...lines.map((cells) => cells[column]?.length ?? 0)),
  );
  return [title, ...lines.map((cells) => lineOf(cells, widths))].join('\n');
}

/** Three decimals: 0.8837 is "0.884". */
export function formatMetric(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '-';
  const thousandths = Math.round(value * 1_000);
  const digits = String(Math.abs(thousandths)).padStart(4, '0');
  return `${thousandths < 0 ? '-' : ''}${digits.slice(0, -3)}.${digits.slice(-3)}`;
}

function cellsOf({ model, metrics, deviation, published }: TableRow): readonly string[] {
  const cells = metricColumns.flatMap(({ metric }) => {
    const spread = deviation === undefined ? '' : ` ± ${formatMetric(deviation[metric])}`;
    return [`${formatMetric(metrics[metric])}${spread}`, formatMetric(published?.[metric])];
  });
  return [model, ...cells];
}

function lineOf(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, column) => cell.padEnd(widths[column] ?? 0))
    .join(between)
    .trimEnd();
}
